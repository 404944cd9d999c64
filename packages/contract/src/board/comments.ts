import * as z from 'zod'
import { id, time } from '../fields.ts'

/**
 * What somebody said about a task. `parentId` is the comment that began the thread: threads are one level deep.
 * A deleted one stays as a mark in its place, with `deletedAt` and no content.
 */
export const Comment = z
  .strictObject({
    id,
    taskId: id,
    projectId: id,
    parentId: id.nullable(),
    authorId: id,
    /** As it was when they wrote. */
    authorName: z.string(),
    content: z.string(),
    mentions: z.array(id),
    version: z.int(),
    createdAt: time,
    updatedAt: time,
    deletedAt: time.nullable(),
  })
  .meta({ id: 'Comment' })
export type Comment = z.infer<typeof Comment>
