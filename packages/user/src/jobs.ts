import type { JobCtx } from '@wealist/kit/jobs'
import { cron, eventRetention, job } from '@wealist/kit/jobs'
import { removeObjects } from '@wealist/kit/objects'
import * as z from 'zod'
import * as avatars from './avatars.ts'
import type { Deps } from './deps.ts'
import * as directory from './directory.ts'
import * as notices from './notices.ts'
import * as sessions from './sessions.ts'
import * as standing from './standing.ts'
import * as workspaces from './workspaces.ts'

type Ctx = JobCtx<Deps>

const Whose = z.strictObject({ userId: z.string(), block: z.boolean(), once: z.string().optional() })

export const jobs = [
  job('membership.publish', z.strictObject({ workspaceId: z.string() }), (ctx: Ctx, change) =>
    directory.publish(ctx, change),
  ),
  job('workspace.drop', z.strictObject({ workspaceId: z.string() }), (ctx: Ctx, { workspaceId }) =>
    ctx.tx((tx) => workspaces.drop(tx, [workspaceId])),
  ),
  job('sessions.end', Whose, async (ctx: Ctx, whose) => {
    await ctx.job.lease()
    await sessions.end(ctx, whose)
  }),
  job('sessions.unblock', z.strictObject({ userId: z.string() }), (ctx: Ctx, { userId }) =>
    ctx.revocations.unblock(userId),
  ),
  job('standing.apply', z.strictObject({ userId: z.string() }), (ctx: Ctx, whose) => standing.apply(ctx, whose)),
  cron('standing.repair', '* * * * *', (ctx: Ctx) => standing.repair(ctx)),
  job('avatar.expire', z.strictObject({ key: z.string() }), (ctx: Ctx, upload) => avatars.expire(ctx, upload)),
  removeObjects,
  ...notices.jobs,
  // The directory is kept for good: a service that is new reads it from the start.
  eventRetention({ days: 36_500 }),
]
