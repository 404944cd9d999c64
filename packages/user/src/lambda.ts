import { lambda } from '@wealist/kit/lambda'
import { user } from './service.ts'

export const handler = lambda(user)
