import * as z from 'zod'
import { id, time } from '../fields.ts'
import { livePage, paging } from '../page.ts'
import { route } from '../route.ts'
import { Task } from './tasks.ts'

/** A task in the trash, which it leaves for good 30 days after `deletedAt`. */
export const TrashedTask = Task.extend({ deletedAt: time }).meta({ id: 'TrashedTask' })
export type TrashedTask = z.infer<typeof TrashedTask>

export const list = route({
  method: 'GET',
  path: '/api/projects/{id}/trash',
  summary: 'The tasks in a project’s trash, the last deleted first',
  access: 'scoped',
  params: z.strictObject({ id }),
  query: z.strictObject(paging),
  response: livePage(TrashedTask),
  example: { params: { id: '$project' } },
})
