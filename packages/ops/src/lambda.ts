import { lambda } from '@wealist/kit/lambda'
import { ops } from './service.ts'

export const handler = lambda(ops)
