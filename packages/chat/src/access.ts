import { forbidden, notFound } from '@wealist/kit/errors'
import type { Tx } from '@wealist/kit/tx'
import * as rights from './access.sql.ts'
import type { Ctx } from './deps.ts'
import * as participants from './participants.sql.ts'
import type { Place } from './places.ts'

const called = { room: 'This room', message: 'This message' }

/** 404 for who is not in the room that a read found, or not in its workspace any more. */
export const see = async (
  ctx: Ctx,
  scope: rights.Scope | undefined,
  what: rights.Via,
  options?: { fresh: boolean },
): Promise<rights.Scope> => {
  if (!scope) throw notFound(called[what])
  const { role } = await ctx.memberships.of(scope.workspaceId, ctx.actor.id, options)
  if (!role) throw notFound(called[what])
  return scope
}

export interface Change {
  via: rights.Via
  id: string
  admin?: boolean
  people?: boolean
  alone?: boolean
}

/**
 * A change in a room by somebody who is in it, an admin where `admin` is set. The workspace is asked before the
 * transaction begins, the participant's row is locked first in it; all of them, in their order, where the change is of
 * who is in the room (`people`), so that two of those wait for each other and not each for the other's row. `alone`: it
 * counts what the actor has in the room, and the next one that does waits.
 */
export const change = async <T>(
  ctx: Ctx,
  { via, id, admin = false, people = false, alone = false }: Change,
  work: (tx: Tx, scope: rights.Scope) => Promise<T>,
): Promise<T> => {
  const roomId = await mayChange(ctx, via, id)
  const changing = async (tx: Tx) => {
    if (people) await participants.lockAll(tx, roomId)
    const scope = await rights.lockRight(tx, { roomId, userId: ctx.actor.id, alone })
    if (!scope) throw notFound(called[via])
    if (admin && scope.role !== 'admin') throw forbidden('Only an admin of this room may.')
    return work(tx, scope)
  }
  return ctx.tx(changing, { turn: topicOf(roomId) })
}

/** The room of what is to be changed, by somebody of its workspace: what is asked before the transaction. */
export const mayChange = async (ctx: Ctx, via: rights.Via, id: string): Promise<string> => {
  const { roomId, workspaceId } = await placeOf(ctx, via, id)
  const { role } = await ctx.memberships.of(workspaceId, ctx.actor.id)
  if (!role) throw notFound(called[via])
  return roomId
}

export const placeOf = async (ctx: Ctx, via: rights.Via, id: string): Promise<Place> => {
  const key = `${via}:${id}`
  const known = ctx.places.get(key)
  if (known) return known
  const found = await rights.place(ctx.db, via, id)
  if (!found) throw notFound(called[via])
  ctx.places.set(key, found)
  return found
}

/** The live topic of a room, and that of what happens to somebody's rooms. */
export const topicOf = (roomId: string) => `room:${roomId}`
export const topicOfPerson = (userId: string) => `user:${userId}`
