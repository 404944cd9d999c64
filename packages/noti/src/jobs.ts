import { Withdrawn } from '@wealist/contract/noti/internal'
import { cron, eventRetention, job, type JobCtx } from '@wealist/kit/jobs'
import * as z from 'zod'
import type { Deps } from './deps.ts'
import * as leaving from './leaving.ts'
import * as retention from './retention.ts'
import * as withdrawal from './withdrawal.ts'

type Ctx = JobCtx<Deps>

// Each of their statements is short; what they did stays done when they are interrupted.
const long = { timeout: 600_000 }

export const jobs = [
  job(
    'workspace.hide',
    z.strictObject({ workspaceId: z.string() }),
    (ctx: Ctx, gone) => leaving.hideWorkspace(ctx, gone),
    long,
  ),
  job('person.forget', z.strictObject({ userId: z.string() }), (ctx: Ctx, gone) => leaving.forgetPerson(ctx, gone)),
  job(
    'event.withdraw',
    Withdrawn.pick({ source: true, eventId: true }),
    (ctx: Ctx, event) => withdrawal.reword(ctx, event),
    long,
  ),
  cron('notifications.expire', '41 2 * * *', (ctx: Ctx) => retention.expire(ctx), long),
  eventRetention({ days: retention.days }),
]
