import type { ServiceName } from '@wealist/contract/topology'
import type { MadeFunction } from './functions.ts'
import { titled } from './secrets.ts'

/** Services that have jobs; their HTTP function runs them at the end of requests, and each minute what is due. */
const withJobs: readonly ServiceName[] = ['user', 'board', 'chat', 'noti', 'storage']

/** The minute's schedule of every function that has something to do without being asked. */
export const scheduleJobs = (functions: MadeFunction[]) => {
  for (const { service, kind, fn } of functions)
    if ((kind === 'http' && withJobs.includes(service)) || kind === 'socket' || kind === 'jobs')
      new sst.aws.CronV2(`${titled(service)}${titled(kind)}Minute`, {
        schedule: 'rate(1 minute)',
        function: fn.arn,
        event: { source: 'aws.scheduler' },
        retries: 0,
      })
}
