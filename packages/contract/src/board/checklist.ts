import * as z from 'zod'
import { id, seq, text, time } from '../fields.ts'
import { route } from '../route.ts'
import { position } from './boards.ts'

/** A step of a task, at most 100 of them, in the order of `rank`. */
export const ChecklistItem = z
  .strictObject({
    id,
    taskId: id,
    projectId: id,
    title: z.string(),
    isDone: z.boolean(),
    rank: z.string(),
    version: z.int(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'ChecklistItem' })
export type ChecklistItem = z.infer<typeof ChecklistItem>

const title = text(500, 1).refine((s) => s.trim() !== '', 'must not be blank')

/** Goes to the end unless `position`, an index among the task's items, says where. */
export const NewChecklistItem = z.strictObject({ title, position: position.optional() })
export type NewChecklistItem = z.infer<typeof NewChecklistItem>
export const ChecklistItemChange = z.strictObject({
  title: title.optional(),
  isDone: z.boolean().optional(),
  position: position.optional(),
})
export type ChecklistItemChange = z.infer<typeof ChecklistItemChange>

const params = z.strictObject({ id })
const one = z.strictObject({ id, itemId: id })
const example = { params: { id: '$task', itemId: '$checklistItem' } }

export const list = route({
  method: 'GET',
  path: '/api/tasks/{id}/checklist',
  summary: 'The steps of a task in order, at most 100',
  access: 'scoped',
  params,
  response: z.strictObject({ items: z.array(ChecklistItem), nextCursor: z.null(), seq }),
  example: { params: { id: '$task' } },
})

export const create = route({
  method: 'POST',
  path: '/api/tasks/{id}/checklist',
  summary: 'Add a step, at the end unless `position` says where; 409 where there are 100',
  access: 'scoped',
  idempotent: true,
  versioned: true,
  params,
  body: NewChecklistItem,
  status: 201,
  response: ChecklistItem,
  example: { params: { id: '$task' }, body: { title: 'Ask everybody' } },
})

export const update = route({
  method: 'PATCH',
  path: '/api/tasks/{id}/checklist/{itemId}',
  summary: 'Tick, reword or move a step',
  access: 'scoped',
  versioned: true,
  params: one,
  body: ChecklistItemChange,
  response: ChecklistItem,
  example: { ...example, body: { isDone: true } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/tasks/{id}/checklist/{itemId}',
  summary: 'Delete a step for good',
  access: 'scoped',
  params: one,
  status: 204,
  example,
})
