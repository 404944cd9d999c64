import * as z from 'zod'
import { id, text, time } from '../fields.ts'
import { livePage, paging } from '../page.ts'
import { route } from '../route.ts'

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

const content = text(10_000, 1).refine((s) => s.trim() !== '', 'must not be blank')
/** People who can see the project. */
const mentions = z
  .array(id)
  .max(50)
  .refine((ids) => new Set(ids).size === ids.length, 'names somebody twice')

export const NewComment = z.strictObject({
  content,
  mentions: mentions.default([]),
  /** A comment of the same task; an answer to an answer joins its thread. */
  parentId: id.nullable().default(null),
})
export type NewComment = z.infer<typeof NewComment>
export const CommentChange = z.strictObject({ content: content.optional(), mentions: mentions.optional() })
export type CommentChange = z.infer<typeof CommentChange>

const params = z.strictObject({ id })
const example = { params: { id: '$comment' } }

export const list = route({
  method: 'GET',
  path: '/api/tasks/{id}/comments',
  summary: 'The comments on a task, oldest first',
  access: 'scoped',
  params,
  query: z.strictObject(paging),
  response: livePage(Comment),
  example: { params: { id: '$task' } },
})

export const create = route({
  method: 'POST',
  path: '/api/tasks/{id}/comments',
  summary: 'Comment on a task, or answer a comment. A task has 5,000 at most, those that were deleted too',
  access: 'scoped',
  idempotent: true,
  versioned: true,
  params,
  body: NewComment,
  status: 201,
  response: Comment,
  example: { params: { id: '$task' }, body: { content: 'Done by Friday?', mentions: ['$user'] } },
})

export const update = route({
  method: 'PATCH',
  path: '/api/comments/{id}',
  summary: 'Change what I wrote',
  access: 'scoped',
  versioned: true,
  params,
  body: CommentChange,
  response: Comment,
  example: { ...example, body: { content: 'Done by Monday?' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/comments/{id}',
  summary: 'Delete a comment: its author may, and the project’s admins. A mark stays in its place',
  access: 'scoped',
  params,
  status: 204,
  example,
})
