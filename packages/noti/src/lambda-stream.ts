import { lambdaStream } from '@wealist/kit/lambda-stream'
import { noti } from './service.ts'

/** `GET /api/notifications/stream`, which API Gateway cannot carry. */
export const handler = lambdaStream(noti)
