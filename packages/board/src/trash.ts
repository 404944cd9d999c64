import type { JobCtx } from '@wealist/kit/jobs'
import type { PageRequest } from '@wealist/kit/page'
import type { Tx } from '@wealist/kit/tx'
import { see, topicOf } from './access.ts'
import * as attachments from './attachments.sql.ts'
import { removeObjectsOf } from './attachments.ts'
import * as checklist from './checklist.sql.ts'
import * as comments from './comments.sql.ts'
import type { Ctx } from './deps.ts'
import * as trash from './trash.sql.ts'

/** What was deleted can be had back so long. */
const days = 30
/** Tasks that go at once: each may have 5,000 comments, and ten seconds are all that a transaction has. */
const atOnce = 50

export const list = async (ctx: Ctx, projectId: string, page: PageRequest) => {
  const { scope, page: answer } = await trash.list(ctx.db, { projectId, userId: ctx.actor.id, page })
  await see(ctx, scope, 'project')
  return answer
}

/** Ends for good what lay in the trash for too long; the log forgets what those tasks said. */
export const purge = async ({ db, tx, job }: JobCtx) => {
  for (let projects = await next(db); projects.length > 0; projects = await next(db))
    for (const projectId of projects)
      for (let ended = atOnce; ended === atOnce;) {
        job.signal.throwIfAborted()
        ended = await tx((t) => endSome(t, projectId))
      }
  for (let dropped = 1; dropped > 0;) {
    job.signal.throwIfAborted()
    dropped = await tx(async (tx) => {
      const files = await attachments.dropOfProjects(tx, { days, limit: 500 })
      removeObjectsOf(tx, files)
      return files.length
    })
  }
  // Tasks first, in parts: with all it had, a project could take longer than a statement may.
  const parts = [
    () => trash.dropTasksOfProjects(db, { days, limit: atOnce }),
    () => trash.dropProjects(db, { days, limit: 5 }),
  ]
  for (const drop of parts)
    for (let dropped = 1; dropped > 0;) {
      job.signal.throwIfAborted()
      dropped = await drop()
    }
}

const endSome = async (tx: Tx, projectId: string) => {
  const ids = await trash.holdTasks(tx, { projectId, days, limit: atOnce })
  const files = await attachments.dropOfTasks(tx, ids)
  removeObjectsOf(tx, files)
  const [steps, said] = await Promise.all([checklist.idsOf(tx, ids), comments.idsOf(tx, ids)])
  await trash.dropTasks(tx, ids)
  await tx.erase(topicOf(projectId), [...ids, ...files.map((f) => f.id), ...steps, ...said])
  return ids.length
}

const next = (db: JobCtx['db']) => trash.projectsWithOld(db, { days, limit: 100 })
