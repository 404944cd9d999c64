import * as z from 'zod'
import { id } from '../fields.ts'
import { route } from '../route.ts'
import { Task } from './tasks.ts'

const params = z.strictObject({ id, userId: id })
const example = { params: { id: '$task', userId: '$user' } }

export const add = route({
  method: 'PUT',
  path: '/api/tasks/{id}/watchers/{userId}',
  summary:
    'Hear of what happens to a task; a member has others hear too who can see the project. 100 at most. Who cannot see it any more hears nothing',
  access: 'scoped',
  params,
  response: Task,
  example,
})

export const remove = route({
  method: 'DELETE',
  path: '/api/tasks/{id}/watchers/{userId}',
  summary: 'Watch a task no more; a member takes others off too',
  access: 'scoped',
  params,
  response: Task,
  example,
})
