import { id, time } from '@wealist/contract/fields'
import { cron, eventRetention, job, type JobCtx } from '@wealist/kit/jobs'
import { removeObjects } from '@wealist/kit/objects'
import * as z from 'zod'
import * as attachments from './attachments.ts'
import * as calls from './calls.ts'
import type { Deps } from './deps.ts'
import { endRooms, leaveRooms } from './directory.ts'
import * as marks from './notices.marks.ts'
import * as notices from './notices.ts'
import * as retention from './retention.ts'

type Ctx = JobCtx<Deps>

export const jobs = [
  job('workspace.end', z.strictObject({ workspaceId: id }), (ctx: Ctx, workspace) =>
    ctx.tx((tx) => endRooms(tx, workspace)),
  ),
  job(
    'rooms.leave',
    z.strictObject({ userId: id, workspaceId: id.optional(), before: time.optional() }),
    (ctx: Ctx, who) => ctx.tx((tx) => leaveRooms(tx, who)),
  ),
  job('call.close', z.strictObject({ livekitRoom: z.string() }), (ctx: Ctx, call) => calls.close(ctx, call)),
  job('call.disconnect', z.strictObject({ livekitRoom: z.string(), userId: id }), (ctx: Ctx, who) =>
    calls.disconnect(ctx, who),
  ),
  cron('calls.reconcile', '* * * * *', (ctx: Ctx) => calls.reconcile(ctx)),
  job('upload.expire', z.strictObject({ id, key: z.string() }), (ctx: Ctx, upload) => attachments.expire(ctx, upload)),
  removeObjects,
  ...notices.jobs,
  ...marks.jobs,
  // Where nothing runs between requests (Lambda), the minute's schedule is what follows user-service.
  cron('directory.follow', '* * * * *', (ctx: Ctx) => ctx.directory.pullOnce()),
  cron('rooms.purge', '41 2 * * *', (ctx: Ctx) => retention.purge(ctx), { timeout: 600_000 }),
  eventRetention({ days: 90 }),
]
