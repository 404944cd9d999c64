import type { BoardChange, NewBoard } from '@wealist/contract/board/boards'
import { conflict, invalid, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { Tx } from '@wealist/kit/tx'
import { change, see, topicOf } from './access.ts'
import * as boards from './boards.sql.ts'
import type { Ctx } from './deps.ts'
import * as projects from './projects.sql.ts'
import { rankAt, ranksBetween } from './ranks.ts'
import * as tasks from './tasks.sql.ts'

const mostBoards = 100
/** Tasks that move at once: half a millisecond each, with what the log says of them. */
const atOnce = 1000

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

/**
 * A board goes, its tasks do not: they follow, in order, to the end of another board. Where they are too many for one
 * transaction a job moves on; until then the board is there and takes nothing in.
 */
export const remove = (ctx: Ctx, id: string, target: string | undefined) =>
  change(ctx, { via: 'board', id, least: 'admin' }, async (tx, { projectId }) => {
    const there = await boards.lockAll(tx, projectId)
    const staying = there.filter((b) => b.id !== id && b.movingTo === null)
    if (there.some((b) => b.id === id && b.movingTo !== null)) return undefined
    if (staying.length === 0) throw conflict('The last board of a project stays.')
    if (there.some((b) => b.movingTo === id)) throw conflict('The tasks of another board are still moving to this one.')
    if (target !== undefined && !staying.some((b) => b.id === target))
      throw invalid([{ path: 'moveTasksTo', message: 'is not another board of this project' }])
    const to = target ?? staying[0]!.id
    await moveSome(tx, { projectId, boardId: id, actorId: ctx.actor.id, to, asked: target !== undefined })
    return undefined
  })

interface Moving {
  projectId: string
  boardId: string
  actorId: string
}

/** The rest of the tasks of a board that goes, some at a time. */
export const goOn = (ctx: Pick<Ctx, 'tx'>, moving: Moving) => {
  const { projectId, boardId, actorId } = moving
  const going = async (tx: Tx) => {
    tx.actAs(actorId)
    if (!(await projects.hold(tx, projectId))) return
    const to = (await boards.lockAll(tx, projectId)).find((b) => b.id === boardId)?.movingTo
    if (to) await moveSome(tx, { ...moving, to, asked: true })
  }
  return ctx.tx(going, { turn: topicOf(projectId) })
}

const moveSome = async (tx: Tx, { to, asked, ...moving }: Moving & { to: string; asked: boolean }) => {
  const { projectId, boardId } = moving
  const ids = await tasks.idsOf(tx, { boardId, limit: atOnce })
  if (ids.length > 0 && !asked) throw conflict('This board has tasks: say with moveTasksTo where they go.')
  const ranks = ranksBetween(await tasks.lastRank(tx, to), null, ids.length)
  for (const { id, task } of await tasks.placeAll(tx, { boardId: to, ids, ranks }))
    tx.emit(topicOf(projectId), 'task.moved', task, id)
  const trashed = await tasks.moveTrash(tx, { from: boardId, to, limit: atOnce })
  if (ids.length === atOnce || trashed === atOnce) {
    await boards.moveOn(tx, { id: boardId, to })
    tx.addJob('board.move', moving, { key: `board:${boardId}` })
  } else {
    await boards.remove(tx, boardId)
    tx.emit(topicOf(projectId), 'board.deleted', { id: boardId })
  }
}
