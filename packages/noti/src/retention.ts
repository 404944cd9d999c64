import type { JobCtx } from '@wealist/kit/jobs'
import * as retention from './retention.sql.ts'

/** Notifications, and the knowledge of who was told of what, are kept so long. */
export const days = 90
const limit = 5000

export const expire = async ({ db, job }: JobCtx) => {
  for (const table of retention.names)
    for (let dropped = limit; dropped === limit;) {
      job.signal.throwIfAborted()
      dropped = await retention.drop(db, { table, days, limit })
    }
}
