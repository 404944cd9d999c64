import { lambda } from '@wealist/kit/lambda'
import { storage } from './service.ts'

export const handler = lambda(storage)
