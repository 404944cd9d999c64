import { lambda } from '@wealist/kit/lambda'
import { chat } from './service.ts'

export const handler = lambda(chat)
