import { lambdaSocket } from '@wealist/kit/lambda-socket'
import { chat } from './service.ts'

export const handler = lambdaSocket(chat)
