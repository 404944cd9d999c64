import * as z from 'zod'
import { id } from '../fields.ts'
import { livePage, paging } from '../page.ts'
import { route } from '../route.ts'
import { ProjectEvent } from './events.ts'

export const list = route({
  method: 'GET',
  path: '/api/projects/{id}/activity',
  summary: 'What happened in a project, the latest first; kept for a year',
  access: 'scoped',
  params: z.strictObject({ id }),
  query: z.strictObject(paging),
  response: livePage(ProjectEvent),
  example: { params: { id: '$project' } },
})
