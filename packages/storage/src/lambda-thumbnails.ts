import { lambdaJobs } from '@wealist/kit/lambda-jobs'
import { storage } from './service.ts'

/** Small pictures: the one function that carries sharp. */
export const handler = lambdaJobs(storage)
