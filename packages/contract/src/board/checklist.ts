import * as z from 'zod'
import { id, time } from '../fields.ts'

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
