import type { DirectoryEvent } from '@wealist/kit/directory'
import type { Tx } from '@wealist/kit/tx'
import { leave, out } from './participants.ts'
import * as participants from './participants.sql.ts'
import * as rooms from './rooms.sql.ts'
import { end } from './rooms.ts'

// A transaction has seconds, and others wait for whom it takes out: who is in more rooms than this, or in rooms of more
// people, is finished by the job it leaves; so is a workspace.
const most = 200
const mostPeople = 5000

// A membership is remembered for 30 s and a transaction has 10: whoever began to make a room by then has made it.
const stragglers = 60_000

/**
 * What user-service says about people and workspaces, applied to rooms, in the transaction that moves the cursor. What
 * never comes back is gone through a second time, for a room that was being made meanwhile.
 */
export const follow = async (tx: Tx, { type, payload }: DirectoryEvent): Promise<void> => {
  const runAt = new Date(Date.now() + stragglers)
  if (type === 'workspace.deleted') {
    await endRooms(tx, payload)
    tx.addJob('workspace.end', { workspaceId: payload.workspaceId }, { runAt })
  } else if (type === 'person.deleted') {
    await leaveRooms(tx, { userId: payload.userId })
    tx.addJob('rooms.leave', { userId: payload.userId }, { runAt })
  } else if (payload.role === null) await leaveRooms(tx, { userId: payload.userId, workspaceId: payload.workspaceId })
}

export const endRooms = async (tx: Tx, { workspaceId }: { workspaceId: string }) => {
  const found = await rooms.livingOf(tx, { workspaceId, limit: most })
  const taken = atOnce(found)
  await end(
    tx,
    taken.map(({ id }) => id),
  )
  if (taken.length < found.length || found.length === most) tx.addJob('workspace.end', { workspaceId })
}

/**
 * Takes somebody out of the rooms of a workspace, but for those that they come into later, when they are back; without a
 * workspace out of all, for good.
 */
export const leaveRooms = async (tx: Tx, who: participants.Leaving) => {
  const { userId, workspaceId, before } = who
  const found = await participants.roomsOf(tx, { ...who, limit: most })
  const taken = atOnce(found)
  for (const { roomId: id, type } of taken)
    await (type === 'direct' ? out(tx, { id, userId }) : leave(tx, { id, userId }))
  // Whoever left a workspace comes back to a direct room; with somebody who is gone it is not begun again.
  const ended = workspaceId === undefined ? await rooms.deserted(tx, { userId, limit: most }) : []
  if (ended.length > 0) await end(tx, ended)
  if (taken.length < found.length || found.length === most || ended.length === most)
    tx.addJob('rooms.leave', {
      userId,
      ...(workspaceId !== undefined && { workspaceId, before: before ?? found[0]!.now }),
    })
}

/** The first of these rooms, and as many after it as have no more people together than one transaction has time for. */
const atOnce = <R extends { people: number }>(found: readonly R[]) => {
  let people = 0
  return found.filter((room, i) => (people += room.people) <= mostPeople || i === 0)
}
