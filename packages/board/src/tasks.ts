import type { NewTask, TaskChange } from '@wealist/contract/board/tasks'
import { conflict, invalid, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { PageRequest } from '@wealist/kit/page'
import type { Tx } from '@wealist/kit/tx'
import { type At, change, roleIn, see, topicOf } from './access.ts'
import * as rights from './access.sql.ts'
import * as boards from './boards.sql.ts'
import type { Ctx } from './deps.ts'
import * as notices from './notices.ts'
import * as projects from './projects.sql.ts'
import { longRank, rankBetween, ranksBetween } from './ranks.ts'
import * as tasks from './tasks.sql.ts'
import { checkValues } from './values.ts'

export const list = async (ctx: Ctx, boardId: string, page: PageRequest) => {
  const { scope, page: answer } = await tasks.list(ctx.db, { boardId, userId: ctx.actor.id, page })
  await see(ctx, scope, 'board')
  return answer
}

export const get = async (ctx: Ctx, id: string) => {
  const { scope, item } = await tasks.get(ctx.db, { id, userId: ctx.actor.id })
  await see(ctx, scope, 'task')
  return item
}

export const create = (ctx: Ctx, boardId: string, { position, ...input }: NewTask) => {
  const people = input.assigneeId ? [input.assigneeId] : []
  return change(ctx, { via: 'board', id: boardId, least: 'member', people }, async (tx, at) => {
    const { projectId } = at
    const id = newId()
    const [rank] = await Promise.all([
      rankIn(tx, { projectId, boardId, position, id }),
      mustSee(tx, at, input.assigneeId),
    ])
    if (rank === undefined) throw notFound('This board')
    await checkValues(tx, projectId, input)
    const task = await tasks.insert(tx, { ...input, id, projectId, boardId, rank, createdBy: ctx.actor.id })
    tx.emit(topicOf(projectId), 'task.created', task!, id)
    notices.taskChanged(tx, ctx.actor, { taskId: id, version: 1, after: input })
    evenOut(tx, { projectId, boardId, rank })
    return task
  })
}

export const update = (ctx: Ctx, id: string, input: TaskChange) => {
  const people = input.assigneeId ? [input.assigneeId] : []
  return change(ctx, { via: 'task', id, least: 'member', people }, async (tx, at) => {
    const { projectId } = at
    await mustSee(tx, at, input.assigneeId, id)
    await checkValues(tx, projectId, input)
    const changed = await tasks.update(tx, { id, change: input, version: ctx.request.ifMatch })
    // Without a version to be stale it was in the trash, even if somebody has just taken it out again.
    if (!changed)
      throw ctx.request.ifMatch !== undefined && (await alive(tx, ctx, id)) ? stale() : notFound('This task')
    tx.emit(topicOf(projectId), 'task.updated', changed.task, id)
    notices.taskChanged(tx, ctx.actor, { taskId: id, after: input, ...changed })
    return changed.task
  })
}

export const assign = (ctx: Ctx, id: string, assigneeId: string | null) => update(ctx, id, { assigneeId })

/** The index is counted under the lock of the target board, so that two who move at once still make one order. */
export const move = (ctx: Ctx, id: string, { targetBoardId, position }: { targetBoardId: string; position: number }) =>
  change(ctx, { via: 'task', id, least: 'member' }, async (tx, { projectId }) => {
    const rank = await rankIn(tx, { projectId, boardId: targetBoardId, position, id })
    if (rank === undefined) throw invalid([{ path: 'targetBoardId', message: 'is not a board of this project' }])
    const task = await tasks.place(tx, { id, boardId: targetBoardId, rank })
    if (!task) throw notFound('This task')
    tx.emit(topicOf(projectId), 'task.moved', task, id)
    evenOut(tx, { projectId, boardId: targetBoardId, rank })
    return task
  })

export const remove = (ctx: Ctx, id: string) =>
  change(ctx, { via: 'task', id, least: 'member' }, async (tx, { projectId }) => {
    if ((await tasks.trash(tx, id)) === 0) throw notFound('This task')
    // Without a subject: what the log says of a task may be erased later, but never that it went.
    tx.emit(topicOf(projectId), 'task.deleted', { id })
    return undefined
  })

export const restore = (ctx: Ctx, id: string) =>
  change(ctx, { via: 'task', id, least: 'member' }, async (tx, { projectId }) => {
    // All boards, since the one it lay in may be going right now and hand it to another.
    await boards.lockAll(tx, projectId)
    const trashed = await tasks.inTrash(tx, id)
    if (!trashed) throw notFound('This task')
    const rank = await rankAt(tx, { boardId: trashed.boardId, position: undefined, id })
    const task = await tasks.restore(tx, { id, rank })
    if (!task) throw notFound('This task')
    tx.emit(topicOf(projectId), 'task.restored', task, id)
    return task
  })

/** Gives the tasks of a board short ranks again, in the same order, behind the last of the old ones. */
export const evenRanks = (ctx: Pick<Ctx, 'tx'>, { projectId, boardId }: { projectId: string; boardId: string }) => {
  const evening = async (tx: Tx) => {
    if (!(await projects.hold(tx, projectId)) || !(await boards.lock(tx, { id: boardId, projectId }))) return
    const ids = await tasks.idsOf(tx, { boardId })
    const ranks = ranksBetween(await tasks.lastRank(tx, boardId), null, ids.length)
    for (const { id, task } of await tasks.placeAll(tx, { boardId, ids, ranks }))
      tx.emit(topicOf(projectId), 'task.moved', task, id)
  }
  return ctx.tx(evening, { turn: topicOf(projectId) })
}

interface Spot {
  boardId: string
  position: number | undefined
  id: string
}

/** Locks a board and gives the rank of a place in it; undefined where it is no board of the project. */
const rankIn = async (tx: Tx, { projectId, ...spot }: Spot & { projectId: string }) => {
  // In one go: the statement after the one that waits for the lock sees what whoever had it has done.
  const [locked, rank] = await Promise.all([boards.lock(tx, { id: spot.boardId, projectId }), rankAt(tx, spot)])
  if (locked?.movingTo) throw conflict('This board is being deleted: its tasks move to another one.')
  return locked && rank
}

const rankAt = async (tx: Tx, { boardId, position, id }: Spot) => {
  if (position === undefined) return rankBetween(await tasks.lastRank(tx, boardId), null)
  const { before, after } = await tasks.around(tx, { boardId, position, except: id })
  return rankBetween(before, after)
}

const evenOut = (tx: Tx, { projectId, boardId, rank }: { projectId: string; boardId: string; rank: string }) => {
  if (rank.length > longRank) tx.addJob('ranks.even', { projectId, boardId }, { key: `ranks:${boardId}` })
}

const alive = async (tx: Tx, ctx: Ctx, id: string) =>
  (await tasks.get(tx, { id, userId: ctx.actor.id })).item !== undefined

// Whether an assignee is in the workspace was asked before the transaction; whether they may see the project is asked in it.
// Who has the task already may have left since: to say so again changes nothing.
const mustSee = async (tx: Tx, { projectId, inWorkspace }: At, userId: string | null | undefined, taskId?: string) => {
  if (!userId) return
  const scope = inWorkspace(userId) ? await rights.scope(tx, { via: 'project', id: projectId, userId }) : undefined
  if (scope && roleIn(scope, 'member')) return
  if (!taskId || !(await tasks.isAssigned(tx, { id: taskId, userId })))
    throw invalid([{ path: 'assigneeId', message: 'is nobody who can see this project' }])
}
