import type { LabelChange, NewLabel } from '@wealist/contract/board/labels'
import { alreadyExists, conflict, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import { constraintOf } from '@wealist/kit/sql-errors'
import { change, see, topicOf } from './access.ts'
import type { Ctx } from './deps.ts'
import * as labels from './labels.sql.ts'
import * as projects from './projects.sql.ts'
import * as gone from './values.gone.ts'

const most = 100

export const list = async (ctx: Ctx, projectId: string) => {
  const { scope, item } = await labels.list(ctx.db, { projectId, userId: ctx.actor.id })
  await see(ctx, scope, 'project')
  return item
}

export const create = (ctx: Ctx, projectId: string, input: NewLabel) =>
  change(ctx, { via: 'project', id: projectId, least: 'member' }, async (tx) => {
    // One after the other: those that are counted are all there are.
    if (!(await projects.lock(tx, projectId))) throw notFound('This project')
    if ((await labels.count(tx, projectId)) >= most) throw conflict(`A project has ${most} labels at most.`)
    const label = await labels.insert(tx, { ...input, id: newId(), projectId })
    if (!label) throw alreadyExists('There is a label of this name.')
    tx.emit(topicOf(projectId), 'label.created', label)
    return label
  })

export const update = (ctx: Ctx, { id, labelId }: { id: string; labelId: string }, input: LabelChange) =>
  change(ctx, { via: 'project', id, least: 'member' }, async (tx) => {
    const version = ctx.request.ifMatch
    const label = await labels
      .update(tx, { id: labelId, projectId: id, change: input, version })
      .catch((error: unknown) => {
        throw constraintOf(error) === 'labels_name' ? alreadyExists('There is a label of this name.') : error
      })
    if (!label)
      throw (await labels.hold(tx, { projectId: id, ids: [labelId] })).length > 0 ? stale() : notFound('This label')
    tx.emit(topicOf(id), 'label.updated', label)
    return label
  })

export const remove = (ctx: Ctx, { id, labelId }: { id: string; labelId: string }) =>
  change(ctx, { via: 'project', id, least: 'admin' }, async (tx) => {
    if (!(await labels.remove(tx, { id: labelId, projectId: id }))) throw notFound('This label')
    await gone.take(tx, { what: 'label', id: labelId, projectId: id, actorId: ctx.actor.id })
    return undefined
  })
