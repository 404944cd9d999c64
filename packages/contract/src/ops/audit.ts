import * as z from 'zod'
import { id, moment, text, time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'

export const Action = z.enum([
  'user.status',
  'user.role',
  'user.name',
  /** Configuration made the actor an admin, at a sign-in. */
  'user.admin',
  'setting',
  'job.retry',
  'job.discard',
])
export type Action = z.infer<typeof Action>

/** Who did what to whom. Rows are only ever added. */
export const AuditEntry = z
  .strictObject({
    id,
    at: time,
    action: Action,
    actorId: id,
    /** As they are called now; the id is what stays. */
    actorName: z.string(),
    /** The person's id, the setting's key, or the job as `board/notice/17`: service, name, id. */
    target: z.string(),
    targetName: z.string(),
    /** What it was before; of a job, why it had failed. */
    from: z.unknown(),
    to: z.unknown(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntry = z.infer<typeof AuditEntry>

export const list = route({
  method: 'GET',
  path: '/api/admin/audit',
  summary: 'What operators did, newest first',
  access: 'role',
  role: 'viewer',
  query: z.strictObject({
    action: Action.optional(),
    actorId: id.optional(),
    target: text(100).optional(),
    since: moment.optional(),
    until: moment.optional(),
    ...paging,
  }),
  response: page(AuditEntry),
  example: { query: { action: 'user.status' } },
})
