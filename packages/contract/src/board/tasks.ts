import * as z from 'zod'
import { id, moment, name, text, time } from '../fields.ts'
import { livePage, paging } from '../page.ts'
import { route } from '../route.ts'
import { position } from './boards.ts'

export const Priority = z.enum(['low', 'medium', 'high', 'urgent'])
export const TaskStatus = z.enum(['todo', 'in_progress', 'done'])

/** The value of a custom field: see FieldType. */
export const FieldValue = z.union([text(2000, 1), z.number()])
export type FieldValue = z.infer<typeof FieldValue>

/** What a task has, as numbers: absolute, also in the events of what they count. */
export const TaskCounts = z
  .strictObject({ comments: z.int(), attachments: z.int(), checklist: z.int(), checklistDone: z.int() })
  .meta({ id: 'TaskCounts' })
export type TaskCounts = z.infer<typeof TaskCounts>

/**
 * A card. Tasks of a board lie in the order of `rank` (compared as bytes), then `id`. `version` grows with its content; moving,
 * watching and what is counted leave it.
 */
export const Task = z
  .strictObject({
    id,
    projectId: id,
    boardId: id,
    title: z.string(),
    description: z.string(),
    priority: Priority,
    status: TaskStatus,
    dueDate: time.nullable(),
    assigneeId: id.nullable(),
    labelIds: z.array(id),
    /** By the field's id; fields without a value are not there. */
    fields: z.record(id, FieldValue),
    watcherIds: z.array(id),
    counts: TaskCounts,
    rank: z.string(),
    version: z.int(),
    createdBy: id,
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Task' })
export type Task = z.infer<typeof Task>

const fields = {
  title: name(200),
  description: text(20_000),
  priority: Priority,
  status: TaskStatus,
  dueDate: moment.nullable(),
  assigneeId: id.nullable(),
  labelIds: z
    .array(id)
    .max(50)
    .refine((ids) => new Set(ids).size === ids.length, 'has a label twice'),
}

export const NewTask = z.strictObject({
  title: fields.title,
  description: fields.description.default(''),
  priority: fields.priority.default('medium'),
  status: fields.status.default('todo'),
  dueDate: fields.dueDate.default(null),
  assigneeId: fields.assigneeId.default(null),
  labelIds: fields.labelIds.default([]),
  fields: z.record(id, FieldValue).default({}),
  position: position.optional(),
})
export type NewTask = z.infer<typeof NewTask>

export const TaskChange = z.strictObject({
  title: fields.title.optional(),
  description: fields.description.optional(),
  priority: fields.priority.optional(),
  status: fields.status.optional(),
  dueDate: fields.dueDate.optional(),
  assigneeId: fields.assigneeId.optional(),
  labelIds: fields.labelIds.optional(),
  /** Only the fields that change; null takes a value away. */
  fields: z.record(id, FieldValue.nullable()).optional(),
})
export type TaskChange = z.infer<typeof TaskChange>

const params = z.strictObject({ id })
const example = { params: { id: '$task' } }

export const list = route({
  method: 'GET',
  path: '/api/boards/{id}/tasks',
  summary: 'The tasks of a board in order',
  access: 'scoped',
  params,
  query: z.strictObject(paging),
  response: livePage(Task),
  example: { params: { id: '$board' } },
})

export const create = route({
  method: 'POST',
  path: '/api/boards/{id}/tasks',
  summary: 'Add a task, at the end unless `position` says where',
  access: 'scoped',
  idempotent: true,
  versioned: true,
  params,
  body: NewTask,
  status: 201,
  response: Task,
  example: { params: { id: '$board' }, body: { title: 'Write the plan' } },
})

export const get = route({
  method: 'GET',
  path: '/api/tasks/{id}',
  summary: 'A task',
  access: 'scoped',
  versioned: true,
  params,
  response: Task,
  example,
})

export const update = route({
  method: 'PATCH',
  path: '/api/tasks/{id}',
  summary: 'Change a task; `If-Match` protects what others changed meanwhile',
  access: 'scoped',
  versioned: true,
  params,
  body: TaskChange,
  response: Task,
  example: { ...example, body: { priority: 'high' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/tasks/{id}',
  summary: 'Put a task into the project’s trash, for 30 days',
  access: 'scoped',
  params,
  status: 204,
  example,
})

export const restore = route({
  method: 'POST',
  path: '/api/tasks/{id}/restore',
  summary: 'Take a task back from the trash, to the end of its board',
  access: 'scoped',
  params,
  response: Task,
  example,
})

export const move = route({
  method: 'PUT',
  path: '/api/tasks/{id}/move',
  summary: 'Put a task at an index of a board of the same project',
  access: 'scoped',
  params,
  body: z.strictObject({ targetBoardId: id, position }),
  response: Task,
  example: { ...example, body: { targetBoardId: '$board', position: 0 } },
})

export const assign = route({
  method: 'PUT',
  path: '/api/tasks/{id}/assign',
  summary: 'Give a task to somebody who can see the project, or to nobody',
  access: 'scoped',
  versioned: true,
  params,
  body: z.strictObject({ assigneeId: id.nullable() }),
  response: Task,
  example: { ...example, body: { assigneeId: '$user' } },
})
