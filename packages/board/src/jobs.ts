import { eventRetention, job, type JobCtx } from '@wealist/kit/jobs'
import * as z from 'zod'
import type { Deps } from './deps.ts'
import * as tasks from './tasks.ts'

export const jobs = [
  job('ranks.even', z.strictObject({ projectId: z.string(), boardId: z.string() }), (ctx: JobCtx<Deps>, board) =>
    tasks.evenRanks(ctx, board),
  ),
  eventRetention({ days: 365 }),
]
