import type { ChecklistItemChange, NewChecklistItem } from '@wealist/contract/board/checklist'
import { conflict, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import { change, see, topicOf } from './access.ts'
import type { Named } from './checklist.sql.ts'
import * as checklist from './checklist.sql.ts'
import type { Ctx } from './deps.ts'
import { rankAt } from './ranks.ts'

const most = 100

export const list = async (ctx: Ctx, taskId: string) => {
  const { scope, item } = await checklist.list(ctx.db, { taskId, userId: ctx.actor.id })
  await see(ctx, scope, 'task')
  if (!item) throw notFound('This task')
  return item
}

export const create = (ctx: Ctx, taskId: string, { title, position }: NewChecklistItem) =>
  change(ctx, { via: 'task', id: taskId, least: 'member' }, async (tx, { projectId }) => {
    const there = await checklist.hold(tx, taskId)
    if (!there) throw notFound('This task')
    if (there.length >= most) throw conflict(`A task has ${most} steps at most.`)
    const id = newId()
    const made = await checklist.insert(tx, { id, taskId, projectId, title, rank: rankAt(there, position) })
    tx.emit(topicOf(projectId), 'checklist.created', made.event, id)
    return made.answer
  })

export const update = (ctx: Ctx, of: Named, { position, ...input }: ChecklistItemChange) =>
  change(ctx, { via: 'task', id: of.id, least: 'member' }, async (tx, { projectId }) => {
    const there = await checklist.hold(tx, of.id)
    const item = there?.find((i) => i.id === of.itemId)
    if (!there || !item) throw notFound('This step')
    const version = ctx.request.ifMatch
    if (version !== undefined && version !== item.version) throw stale()
    const others = there.filter((i) => i !== item)
    const rank = position === undefined ? item.rank : rankAt(others, position)
    const changed = await checklist.update(tx, { ...of, ...input, rank })
    tx.emit(topicOf(projectId), 'checklist.updated', changed.event, of.itemId)
    return changed.answer
  })

export const remove = (ctx: Ctx, of: Named) =>
  change(ctx, { via: 'task', id: of.id, least: 'member' }, async (tx, { projectId }) => {
    const event = (await checklist.hold(tx, of.id)) && (await checklist.remove(tx, of))
    if (!event) throw notFound('This step')
    await tx.erase(topicOf(projectId), [of.itemId])
    tx.emit(topicOf(projectId), 'checklist.deleted', event)
    return undefined
  })
