import * as z from 'zod'
import { time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'
import { serviceName } from './status.ts'

/** A job that failed for good: it is kept, and not tried again by itself. */
export const FailedJob = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    /** After how many runs it was given up. */
    attempts: z.int().min(0),
    /** What its last run said, as far as it said anything. */
    error: z.string().nullable(),
    addedAt: time,
    failedAt: time,
  })
  .meta({ id: 'FailedJob' })
export type FailedJob = z.infer<typeof FailedJob>

const params = z.strictObject({ name: serviceName })
const one = params.extend({ id: z.string().regex(/^[1-9]\d{0,17}$/) })

export const list = route({
  method: 'GET',
  path: '/api/services/{name}/jobs',
  summary: 'The jobs of a service that failed for good, the latest failure first',
  access: 'role',
  role: 'viewer',
  params,
  query: z.strictObject(paging),
  response: page(FailedJob).extend({
    /** False where the service did not answer: what it keeps is not known then. */
    answered: z.boolean(),
  }),
  example: { params: { name: 'board' } },
})

export const retry = route({
  method: 'POST',
  path: '/api/services/{name}/jobs/{id}/retry',
  summary: 'Begin a failed job anew, with all its attempts; 404 once it no longer is a failed one',
  access: 'role',
  role: 'operator',
  params: one,
  status: 204,
  example: { params: { name: 'board', id: '1' } },
})

export const discard = route({
  method: 'DELETE',
  path: '/api/services/{name}/jobs/{id}',
  summary: 'Forget a failed job, whose work is then never done; 404 once it no longer is a failed one',
  access: 'role',
  role: 'operator',
  params: one,
  status: 204,
  example: { params: { name: 'board', id: '1' } },
})
