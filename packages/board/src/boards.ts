import type { BoardChange, NewBoard } from '@wealist/contract/board/boards'
import { conflict, invalid, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { Tx } from '@wealist/kit/tx'
import { change, see, topicOf } from './access.ts'
import * as boards from './boards.sql.ts'
import type { Ctx } from './deps.ts'
import { rankAt, ranksBetween } from './ranks.ts'
import * as tasks from './tasks.sql.ts'

const mostBoards = 100

export const list = async (ctx: Ctx, projectId: string) => {
  const { scope, item } = await boards.list(ctx.db, { projectId, userId: ctx.actor.id })
  await see(ctx, scope, 'project')
  return item
}

export const get = async (ctx: Ctx, id: string) => {
  const { scope, item } = await boards.get(ctx.db, { id, userId: ctx.actor.id })
  await see(ctx, scope, 'board')
  return item
}

export const create = (ctx: Ctx, projectId: string, { position, ...input }: NewBoard) =>
  change(ctx, { via: 'project', id: projectId, least: 'member' }, async (tx) => {
    const there = await boards.lockAll(tx, projectId)
    if (there.length >= mostBoards) throw conflict(`A project has ${mostBoards} boards at most.`)
    const board = await boards.insert(tx, { ...input, id: newId(), projectId, rank: rankAt(there, position) })
    tx.emit(topicOf(projectId), 'board.created', board!)
    return board
  })

export const update = (ctx: Ctx, id: string, input: BoardChange) =>
  change(ctx, { via: 'board', id, least: 'member' }, async (tx, { projectId }) => {
    const board = await boards.update(tx, { id, change: input, version: ctx.request.ifMatch })
    if (!board) throw (await boards.lock(tx, { id, projectId })) ? stale() : notFound('This board')
    tx.emit(topicOf(projectId), 'board.updated', board)
    return board
  })

export const reorder = (ctx: Ctx, id: string, position: number) =>
  change(ctx, { via: 'board', id, least: 'member' }, async (tx, { projectId }) => {
    const there = (await boards.lockAll(tx, projectId)).filter((b) => b.id !== id)
    const board = await boards.place(tx, { id, rank: rankAt(there, position) })
    if (!board) throw notFound('This board')
    tx.emit(topicOf(projectId), 'board.updated', board)
    return board
  })

/** A board goes, its tasks do not: they follow, in order, to the end of another board. */
export const remove = (ctx: Ctx, id: string, target: string | undefined) =>
  change(ctx, { via: 'board', id, least: 'admin' }, async (tx, { projectId }) => {
    const others = (await boards.lockAll(tx, projectId)).filter((b) => b.id !== id)
    if (others.length === 0) throw conflict('The last board of a project stays.')
    if (target !== undefined && !others.some((b) => b.id === target))
      throw invalid([{ path: 'moveTasksTo', message: 'is not another board of this project' }])
    await moveTasks(tx, { projectId, from: id, to: target ?? others[0]!.id, asked: target !== undefined })
    await boards.remove(tx, id)
    tx.emit(topicOf(projectId), 'board.deleted', { id })
    return undefined
  })

const moveTasks = async (
  tx: Tx,
  { projectId, from, to, asked }: { projectId: string; from: string; to: string; asked: boolean },
) => {
  const ids = await tasks.idsOf(tx, from)
  if (ids.length > 0 && !asked) throw conflict('This board has tasks: say with moveTasksTo where they go.')
  const last = await tasks.lastRank(tx, to)
  for (const { id, task } of await tasks.placeAll(tx, {
    boardId: to,
    ids,
    ranks: ranksBetween(last, null, ids.length),
  }))
    tx.emit(topicOf(projectId), 'task.moved', task, id)
  await tasks.moveTrash(tx, { from, to })
}
