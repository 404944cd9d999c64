import { lambda } from '@wealist/kit/lambda'
import { noti } from './service.ts'

export const handler = lambda(noti)
