import type { RoomRole } from '@wealist/contract/chat/rooms'
import { alreadyExists, conflict, forbidden, invalid, notFound } from '@wealist/kit/errors'
import type { PageRequest } from '@wealist/kit/page'
import type { Tx } from '@wealist/kit/tx'
import * as calls from './calls.sql.ts'
import { change, placeOf, see, topicOf, topicOfPerson } from './access.ts'
import type { Ctx } from './deps.ts'
import * as marks from './notices.marks.ts'
import * as participants from './participants.sql.ts'
import * as rooms from './rooms.sql.ts'
import { end, enter } from './rooms.ts'

const most = 1000

export const list = async (ctx: Ctx, roomId: string, page: PageRequest) => {
  const { scope, page: answer } = await participants.list(ctx.db, { roomId, userId: ctx.actor.id, page })
  await see(ctx, scope, 'room')
  return answer
}

export const add = async (ctx: Ctx, id: string, { userId, role }: { userId: string; role: RoomRole }) => {
  const { workspaceId } = await placeOf(ctx, 'room', id)
  const roles = await ctx.memberships.among(workspaceId, [ctx.actor.id, userId], { fresh: true })
  return change(ctx, { via: 'room', id }, async (tx, scope) => {
    if (scope.type === 'direct') throw conflict('A direct room is for two. Make a group.')
    if (role === 'admin' && scope.role !== 'admin') throw forbidden('Only an admin of this room adds admins.')
    if (!roles.get(userId)?.role) throw invalid([{ path: 'userId', message: 'is nobody of this workspace' }])
    const there = await rooms.lock(tx, id)
    if (!there) throw notFound('This room')
    if ((await participants.count(tx, id)) >= most) throw conflict(`A room has ${most} people at most.`)
    const [added] = await enter(tx, { id, workspaceId, room: there.room, people: [{ userId, role }] })
    if (!added) throw alreadyExists('This person is in the room already.')
    return added.row
  })
}

export const update = (ctx: Ctx, { id, userId, role }: { id: string; userId: string; role: RoomRole }) =>
  change(ctx, { via: 'room', id, admin: true, people: true }, async (tx, { type }) => {
    if (type === 'direct') throw conflict('A direct room has no admins.')
    const people = await participants.lockAll(tx, id)
    const there = people.find((p) => p.userId === userId)
    if (!there) throw notFound('This person')
    if (role === 'member' && !people.some((p) => p.role === 'admin' && p.userId !== userId))
      throw conflict('The last admin of a room stays one.')
    const changed = await participants.setRole(tx, { roomId: id, userId, role })
    tx.emit(topicOf(id), 'participant.updated', changed!)
    return changed
  })

/** Admins remove others; anybody leaves by themselves. */
export const remove = (ctx: Ctx, { id, userId }: { id: string; userId: string }) =>
  change(ctx, { via: 'room', id, admin: userId !== ctx.actor.id, people: true }, async (tx, { type }) => {
    if (type === 'direct') throw conflict('A direct room is not left.')
    if (!(await leave(tx, { id, userId }))) throw notFound('This person')
    return undefined
  })

/** Takes somebody out of a group; without admins the most senior becomes one, without anybody it ends. False for who was not in it. */
export const leave = async (tx: Tx, { id, userId }: { id: string; userId: string }) => {
  const people = await participants.lockAll(tx, id)
  if (!people.some((p) => p.userId === userId)) return false
  const left = people.filter((p) => p.userId !== userId)
  if (left.length === 0) {
    await end(tx, [id])
    marks.left(tx, { roomId: id, userIds: [userId] })
    return true
  }
  await out(tx, { id, userId })
  if (left.some((p) => p.role === 'admin')) return true
  const next = await participants.setRole(tx, { roomId: id, userId: left[0]!.userId, role: 'admin' })
  tx.emit(topicOf(id), 'participant.updated', next!)
  return true
}

/** Takes somebody out of a room and says so to both sides, once where two do it at the same time. */
export const out = async (tx: Tx, { id, userId }: { id: string; userId: string }) => {
  if ((await participants.remove(tx, { roomId: id, userId })) === 0) return
  const call = await calls.running(tx, id)
  if (call) tx.addJob('call.disconnect', { livekitRoom: call.livekitRoom, userId })
  tx.emit(topicOf(id), 'participant.removed', { chatId: id, userId })
  tx.emit(topicOfPerson(userId), 'room.removed', { id })
  marks.left(tx, { roomId: id, userIds: [userId] })
}
