import type { JobCtx } from '@wealist/kit/jobs'
import { topicOf } from './access.ts'
import * as trash from './trash.sql.ts'

/** What was deleted can be had back so long. */
const days = 30

/** Ends for good what lay in the trash for too long; the log forgets what those tasks said. */
export const purge = async ({ db, tx, job }: JobCtx) => {
  for (let projects = await next(db); projects.length > 0; projects = await next(db))
    for (const projectId of projects) {
      job.signal.throwIfAborted()
      await tx(async (tx) => {
        const ids = await trash.dropTasks(tx, { projectId, days, limit: 500 })
        await tx.erase(topicOf(projectId), ...ids)
      })
    }
  for (let dropped = 1; dropped > 0;) {
    job.signal.throwIfAborted()
    dropped = await trash.dropProjects(db, { days, limit: 5 })
  }
}

const next = (db: JobCtx['db']) => trash.projectsWithOld(db, { days, limit: 100 })
