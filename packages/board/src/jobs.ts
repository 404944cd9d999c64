import { cron, eventRetention, job, type JobCtx } from '@wealist/kit/jobs'
import { removeObjects } from '@wealist/kit/objects'
import * as z from 'zod'
import * as attachments from './attachments.ts'
import * as boards from './boards.ts'
import type { Deps } from './deps.ts'
import { endProjects, leave, leaveAgain } from './directory.ts'
import * as notices from './notices.ts'
import * as words from './notices.words.ts'
import { remind } from './reminders.ts'
import * as tasks from './tasks.ts'
import * as trash from './trash.ts'
import * as values from './values.gone.ts'

const Leaving = z.strictObject({
  userId: z.string(),
  workspaceId: z.string().optional(),
  before: z.string().optional(),
})
const Moving = z.strictObject({ projectId: z.string(), boardId: z.string(), actorId: z.string() })

export const jobs = [
  job('ranks.even', z.strictObject({ projectId: z.string(), boardId: z.string() }), (ctx: JobCtx<Deps>, board) =>
    tasks.evenRanks(ctx, board),
  ),
  job('attachment.expire', z.strictObject({ id: z.string(), key: z.string() }), (ctx: JobCtx<Deps>, upload) =>
    attachments.expire(ctx, upload),
  ),
  job('workspace.end', z.strictObject({ workspaceId: z.string() }), (ctx: JobCtx<Deps>, gone) =>
    ctx.tx((tx) => endProjects(tx, gone)),
  ),
  job('projects.leave', Leaving, (ctx: JobCtx<Deps>, who) => ctx.tx((tx) => leave(tx, who))),
  job('projects.left', z.strictObject({ userId: z.string(), workspaceId: z.string() }), (ctx: JobCtx<Deps>, who) =>
    leaveAgain(ctx, who),
  ),
  job('board.move', Moving, (ctx: JobCtx<Deps>, board) => boards.goOn(ctx, board)),
  ...values.jobs,
  removeObjects,
  ...notices.jobs,
  ...words.jobs,
  cron('reminders.find', '*/5 * * * *', (ctx: JobCtx<Deps>) => remind(ctx)),
  // Where nothing runs between requests (Lambda), the minute's schedule is what follows user-service.
  cron('directory.follow', '* * * * *', (ctx: JobCtx<Deps>) => ctx.directory.pullOnce()),
  // Each of its statements is short; what it did stays done when it is interrupted.
  cron('trash.purge', '29 2 * * *', (ctx: JobCtx<Deps>) => trash.purge(ctx), { timeout: 600_000 }),
  eventRetention({ days: 365 }),
]
