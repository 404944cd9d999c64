import * as z from 'zod'
import { id, moment, text } from '../fields.ts'
import { livePage, paging } from '../page.ts'
import { route } from '../route.ts'
import { Priority, Task, TaskStatus } from './tasks.ts'

/** What a project's tasks can be ordered by; `board` is the order of the boards and of the tasks in each. */
export const TaskOrder = z.enum(['created', 'updated', 'due', 'priority', 'title', 'board'])
export type TaskOrder = z.infer<typeof TaskOrder>

const descending = TaskOrder.options.map((order) => `-${order}` as const)
/** Filters of a project's tasks; those given all hold. */
export const TaskFilter = z.strictObject({
  /** In the title or the description, whatever the case. */
  q: text(200, 1).optional(),
  assigneeId: z.union([id, z.enum(['me', 'none'])]).optional(),
  status: TaskStatus.optional(),
  priority: Priority.optional(),
  boardId: id.optional(),
  /** Given several times: tasks that carry all of them. */
  labelId: z
    .union([id, z.array(id).max(10)])
    .transform((v) => (Array.isArray(v) ? v : [v]))
    .optional(),
  /** Due earlier than that. */
  dueBefore: moment.optional(),
  /** Due then or later. */
  dueAfter: moment.optional(),
  /** `field.<id>=value`: tasks with exactly that value, as text. At most 10. */
  field: z
    .record(id, text(2000, 1))
    .refine((f) => Object.keys(f).length <= 10, 'has at most 10 fields')
    .optional(),
})
export type TaskFilter = z.infer<typeof TaskFilter>

/**
 * `-` before the order turns it round; tasks without a due date come last in both directions. `format=csv` answers the
 * whole list as a file: `limit` and `cursor` say nothing there. It ends after 10,000 tasks or 4 MB, and its last line
 * then says so.
 */
export const list = route({
  method: 'GET',
  path: '/api/projects/{id}/tasks',
  summary: 'The tasks of a project that fit, on all of its boards; `format=csv` for spreadsheets',
  access: 'scoped',
  params: z.strictObject({ id }),
  query: z.strictObject({
    ...TaskFilter.shape,
    sort: z.enum([...TaskOrder.options, ...descending]).default('-created'),
    format: z.enum(['json', 'csv']).default('json'),
    ...paging,
  }),
  response: livePage(Task),
  example: { params: { id: '$project' }, query: { status: 'todo' } },
})
