import { id } from '@wealist/contract/fields'
import { cron, job, type JobCtx } from '@wealist/kit/jobs'
import { removeObjects } from '@wealist/kit/objects'
import * as z from 'zod'
import type { Deps } from './deps.ts'
import * as retention from './retention.ts'
import * as shares from './shares.ts'
import { abortParts } from './store.ts'
import * as thumbnails from './thumbnails.ts'
import * as trash from './trash.ts'

type Ctx = JobCtx<Deps>
const OfWorkspace = z.strictObject({ workspaceId: id })
const Tree = OfWorkspace.extend({ folderId: id })
const long = { timeout: 600_000 }

export const jobs = [
  removeObjects,
  job('parts.abort', z.strictObject({ key: z.string(), uploadId: z.string() }), (ctx: Ctx, parts) =>
    abortParts(ctx.objects, parts),
  ),
  job('thumbnail.make', z.strictObject({ key: z.string() }), (ctx: Ctx, image) => thumbnails.make(ctx, image), {
    apart: true,
  }),
  job('tree.follow', Tree, (ctx: Ctx, tree) => trash.followRest(ctx, tree)),
  job('tree.restore', Tree, (ctx: Ctx, tree) => trash.restoreRest(ctx, tree)),
  job('shares.leave', OfWorkspace.extend({ userId: id }), (ctx: Ctx, who) => shares.leave(ctx, who)),
  job('trash.drop', OfWorkspace, (ctx: Ctx, drive) => trash.drop(ctx, drive), long),
  job('trash.empty', OfWorkspace.extend({ before: z.string().optional() }), (ctx: Ctx, rest) =>
    trash.emptyRest(ctx, rest),
  ),
  job(
    'drive.end',
    OfWorkspace,
    async (ctx: Ctx, drive) => {
      await retention.endDrive(ctx, drive)
      await trash.drop(ctx, drive)
    },
    long,
  ),
  // Where nothing runs between requests (Lambda), the minute's schedule is what follows user-service.
  cron('directory.follow', '* * * * *', (ctx: Ctx) => ctx.directory.pullOnce()),
  cron('drive.clean', '2,17,32,47 * * * *', (ctx: Ctx) => retention.clean(ctx), long),
  cron('drive.sweep', '53 3 * * *', (ctx: Ctx) => retention.sweep(ctx), long),
]
