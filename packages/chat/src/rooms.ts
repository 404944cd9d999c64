import type { NewRoom, Room } from '@wealist/contract/chat/rooms'
import { conflict, invalid, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { Json } from '@wealist/kit/json'
import type { PageRequest } from '@wealist/kit/page'
import type { Tx } from '@wealist/kit/tx'
import { change, placeOf, see, topicOf, topicOfPerson } from './access.ts'
import { shut } from './calls.ts'
import * as calls from './calls.sql.ts'
import type { Ctx } from './deps.ts'
import * as marks from './notices.marks.ts'
import * as participants from './participants.sql.ts'
import * as rooms from './rooms.sql.ts'

export const list = async (ctx: Ctx, workspaceId: string, page: PageRequest) => {
  await ctx.memberships.require(workspaceId, ctx.actor.id)
  return rooms.list(ctx.db, { workspaceId, userId: ctx.actor.id, page })
}

export const get = async (ctx: Ctx, id: string) => {
  const { scope, item } = await rooms.detail(ctx.db, { id, userId: ctx.actor.id })
  await see(ctx, scope, 'room')
  return item
}

export const create = async (ctx: Ctx, { participantIds, ...input }: NewRoom) => {
  const me = ctx.actor.id
  const others = participantIds.filter((id) => id !== me)
  await everybodyIn(ctx, input.workspaceId, others, 'participantIds')
  return input.type === 'direct' ? direct(ctx, input.workspaceId, others[0]) : named(ctx, input, others)
}

const named = (ctx: Ctx, input: Omit<NewRoom, 'participantIds'>, others: readonly string[]) => {
  const { workspaceId, type, name = null, projectId = null } = input
  const id = newId()
  return ctx.tx(async (tx) => {
    const row = { id, workspaceId, type, name, projectId, pair: null, createdBy: ctx.actor.id }
    const room = (await rooms.insert(tx, row))!
    await enter(tx, { id, workspaceId, room, people: [{ userId: ctx.actor.id, role: 'admin' }, ...others.map(member)] })
    return (await rooms.detail(tx, { id, userId: ctx.actor.id })).item
  })
}

// Two who begin at once get one room: the second waits for the first and finds it. Whoever was out of it comes back.
const direct = async (ctx: Ctx, workspaceId: string, other: string | undefined) => {
  if (other === undefined) throw invalid([{ path: 'participantIds', message: 'is one other person' }])
  const me = ctx.actor.id
  const pair = [me, other].toSorted().join(' ')
  return ctx.tx(async (tx) => {
    const row = { id: newId(), workspaceId, type: 'direct' as const, name: null, projectId: null, pair, createdBy: me }
    const made = await rooms.insert(tx, row)
    const there = made ? { id: row.id, room: made } : await rooms.ofPair(tx, { workspaceId, pair })
    if (!there) throw conflict('This room is being deleted. Try again.')
    await enter(tx, { ...there, workspaceId, people: [me, other].map(member) })
    return (await rooms.detail(tx, { id: there.id, userId: me })).item
  })
}

const member = (userId: string) => ({ userId, role: 'member' as const })

interface Entering {
  id: string
  workspaceId: string
  room: Room | Json<Room>
  people: readonly { userId: string; role: 'admin' | 'member' }[]
}

/** Puts people into a room: its topic and each of them hear of it. Gives those who were not in it. */
export const enter = async (tx: Tx, { id, workspaceId, room, people }: Entering) => {
  const added = await participants.insert(tx, { roomId: id, workspaceId, people })
  for (const { userId, row } of added) {
    tx.emit(topicOf(id), 'participant.added', row)
    tx.emit(topicOfPerson(userId), 'room.added', room)
  }
  return added
}

export const update = (ctx: Ctx, id: string, { name }: { name: string }) =>
  change(ctx, { via: 'room', id, admin: true }, async (tx) => {
    const room = await rooms.rename(tx, { id, name, version: ctx.request.ifMatch })
    if (!room) throw ctx.request.ifMatch === undefined ? notFound('This room') : stale()
    tx.emit(topicOf(id), 'room.updated', room)
    return room
  })

export const remove = (ctx: Ctx, id: string) =>
  change(ctx, { via: 'room', id, admin: true, people: true }, async (tx) => {
    const people = await end(tx, [id])
    marks.left(tx, { roomId: id, userIds: people.map(({ userId }) => userId) })
    return undefined
  })

/** Deletes rooms with everybody in them; gives who was. What they were told of a whole workspace noti takes back by itself. */
export const end = async (tx: Tx, roomIds: readonly string[]) => {
  const { ids, people } = await rooms.remove(tx, roomIds)
  for (const { livekitRoom } of await calls.endAll(tx, ids)) shut(tx, livekitRoom)
  for (const id of ids) tx.emit(topicOf(id), 'room.deleted', { id })
  for (const { roomId, userId } of people) tx.emit(topicOfPerson(userId), 'room.removed', { id: roomId })
  return people
}

export const read = async (ctx: Ctx, id: string, seq: number) => {
  const { workspaceId } = await placeOf(ctx, 'room', id)
  const { role } = await ctx.memberships.of(workspaceId, ctx.actor.id)
  if (!role) throw notFound('This room')
  const userId = ctx.actor.id
  const what = { id, userId, seq }
  // Whoever follows what is said has read it before anybody is told: then it is one statement.
  const mark = (await rooms.read(ctx.db, { ...what, untold: true })) ?? (await readTold(ctx, what))
  if (!mark) throw notFound('This room')
  ctx.live.say(topicOf(id), 'read', { chatId: id, userId, seq: mark.parse().readSeq })
  return mark
}

const readTold = (ctx: Ctx, what: { id: string; userId: string; seq: number }) =>
  ctx.tx(async (tx) => {
    const mark = await rooms.read(tx, what)
    if (mark) marks.read(tx, { roomId: what.id, userId: what.userId })
    return mark
  })

/**
 * 400 where somebody is not in the workspace; asked before a transaction begins, and not of what this process remembers:
 * who had just left would have a room there.
 */
const everybodyIn = async (ctx: Ctx, workspaceId: string, ids: readonly string[], path: string) => {
  const roles = await ctx.memberships.among(workspaceId, [ctx.actor.id, ...ids], { fresh: true })
  if (!roles.get(ctx.actor.id)?.role) throw notFound('This workspace')
  const strangers = ids.flatMap((id, i) =>
    roles.get(id)?.role ? [] : [{ path: `${path}.${i}`, message: 'is nobody of this workspace' }],
  )
  if (strangers.length > 0) throw invalid(strangers)
}
