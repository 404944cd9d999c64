import { lambdaSocket } from '@wealist/kit/lambda-socket'
import { board } from './service.ts'

export const handler = lambdaSocket(board)
