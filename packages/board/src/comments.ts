import type { CommentChange, NewComment } from '@wealist/contract/board/comments'
import { conflict, forbidden, invalid, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { PageRequest } from '@wealist/kit/page'
import type { Tx } from '@wealist/kit/tx'
import { type At, atLeast, change, see, topicOf, whoSee } from './access.ts'
import * as comments from './comments.sql.ts'
import type { Ctx } from './deps.ts'
import * as notices from './notices.ts'
import * as words from './notices.words.ts'

const most = 5000

export const list = async (ctx: Ctx, taskId: string, page: PageRequest) => {
  const { scope, page: answer } = await comments.list(ctx.db, { taskId, userId: ctx.actor.id, page })
  await see(ctx, scope, 'task')
  return answer
}

export const create = (ctx: Ctx, taskId: string, { content, mentions, parentId }: NewComment) =>
  change(ctx, { via: 'task', id: taskId, least: 'member', people: mentions }, async (tx, at) => {
    const { projectId } = at
    await mustSee(tx, at, mentions)
    const [task, thread] = await Promise.all([
      comments.hold(tx, taskId),
      parentId === null ? undefined : comments.threadOf(tx, { id: parentId, taskId }),
    ])
    if (!task) throw notFound('This task')
    if (task.comments >= most) throw conflict(`A task has ${most} comments at most, those that were deleted too.`)
    if (parentId !== null && !thread) throw invalid([{ path: 'parentId', message: 'is no comment on this task' }])
    const id = newId()
    const author = { authorId: ctx.actor.id, authorName: ctx.actor.name }
    const row = { id, taskId, projectId, parentId: thread?.root ?? null, ...author, content, mentions }
    const made = await comments.insert(tx, row)
    tx.emit(topicOf(projectId), 'comment.created', made.event, id)
    notices.commented(tx, ctx.actor, { commentId: id })
    return made.answer
  })

export const update = (ctx: Ctx, id: string, { content, mentions }: CommentChange) =>
  change(ctx, { via: 'comment', id, least: 'member', people: mentions ?? [] }, async (tx, at) => {
    const was = await comments.lock(tx, id)
    if (!was) throw notFound('This comment')
    if (was.authorId !== ctx.actor.id) throw forbidden('Only its author changes a comment.')
    if (ctx.request.ifMatch !== undefined && ctx.request.ifMatch !== was.version) throw stale()
    const added = (mentions ?? []).filter((person) => !was.mentions.includes(person))
    await mustSee(tx, at, added)
    const comment = await comments.update(tx, { id, content, mentions })
    tx.emit(topicOf(at.projectId), 'comment.updated', comment!, id)
    notices.mentioned(tx, ctx.actor, { commentId: id, userIds: added })
    if (content !== undefined) words.edited(tx, { commentId: id })
    return comment
  })

export const remove = (ctx: Ctx, id: string) =>
  change(ctx, { via: 'comment', id, least: 'viewer' }, async (tx, { projectId, role }) => {
    const was = await comments.lock(tx, id)
    if (!was) throw notFound('This comment')
    if (was.authorId !== ctx.actor.id && !atLeast(role, 'admin'))
      throw forbidden('Only its author and the project’s admins delete a comment.')
    const { event } = await comments.blank(tx, id)
    await tx.erase(topicOf(projectId), [id])
    tx.emit(topicOf(projectId), 'comment.deleted', event)
    words.deleted(tx, { commentId: id })
    return undefined
  })

const mustSee = async (tx: Tx, at: At, people: readonly string[]) => {
  const seeing = await whoSee(tx, at, people)
  const blind = people.flatMap((id, i) =>
    seeing.includes(id) ? [] : [{ path: `mentions.${i}`, message: 'is nobody who can see this project' }],
  )
  if (blind.length > 0) throw invalid(blind)
}
