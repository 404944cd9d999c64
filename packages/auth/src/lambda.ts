import { lambda } from '@wealist/kit/lambda'
import { auth } from './service.ts'

export const handler = lambda(auth)
