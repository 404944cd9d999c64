import { lambda } from '@wealist/kit/lambda'
import { board } from './service.ts'

export const handler = lambda(board)
