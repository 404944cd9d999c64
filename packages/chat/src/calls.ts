import { randomBytes } from 'node:crypto'
import type { Message, SystemContent } from '@wealist/contract/chat/messages'
import { forbidden, notFound, unavailable } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { JobCtx } from '@wealist/kit/jobs'
import type { Tx } from '@wealist/kit/tx'
import { lockRight } from './access.sql.ts'
import { change, see, topicOf } from './access.ts'
import * as calls from './calls.sql.ts'
import type { Ctx, Deps } from './deps.ts'
import type { LiveKitEvent } from './livekit.ts'
import * as messages from './messages.sql.ts'

/** Seconds in which a token must be used to connect. Until then LiveKit makes the room for who does, also after the call. */
const tokenSeconds = 600
/** So old is a call before LiveKit is asked whether it has it, and one into which nobody came yet as old as its token. */
const waitSeconds = 120

export const get = async (ctx: Ctx, roomId: string) => {
  const { scope, item } = await calls.get(ctx.db, { roomId, userId: ctx.actor.id })
  await see(ctx, scope, 'room')
  return item
}

/** Two who start at once are in the same call: the second waits for the first and joins it. */
export const join = async (ctx: Ctx, roomId: string) => {
  const { livekit } = ctx
  if (!livekit) {
    await get(ctx, roomId)
    throw unavailable('Calls need LiveKit, and none is configured here.')
  }
  const { id: userId, name } = ctx.actor
  const { room, call } = await change(ctx, { via: 'room', id: roomId }, async (tx) => {
    const there = await calls.running(tx, roomId)
    if (there) return { room: there.livekitRoom, call: await calls.shown(tx, there.id) }
    const row = { id: newId(), roomId, livekitRoom: randomBytes(24).toString('base64url'), startedBy: userId }
    if (!(await calls.insert(tx, row))) {
      const other = await calls.running(tx, roomId)
      if (!other) throw unavailable('The call of this room just ended. Try again.')
      return { room: other.livekitRoom, call: await calls.shown(tx, other.id) }
    }
    const started = await calls.shown(tx, row.id)
    tx.emit(topicOf(roomId), 'call.started', started!)
    await say(tx, roomId, { kind: 'call.started', callId: row.id, userId })
    return { room: row.livekitRoom, call: started }
  })
  return {
    url: livekit.url,
    token: await livekit.token({ room, userId, name, seconds: tokenSeconds }),
    room,
    call: call!.parse(),
  }
}

export const end = (ctx: Ctx, roomId: string) =>
  change(ctx, { via: 'room', id: roomId }, async (tx, { role }) => {
    const call = await calls.running(tx, roomId)
    if (!call) throw notFound('This call')
    if (call.startedBy !== ctx.actor.id && role !== 'admin')
      throw forbidden('Who started a call ends it, or an admin of the room.')
    await finish(tx, call)
    return undefined
  })

/**
 * What LiveKit says, once: who is in a call is what it saw, and people read of it in the room. A token opens the call for
 * minutes, whatever becomes of the right it was given for, or of the call: whoever comes without that right, or when the
 * call is over, is put out, and nobody reads of it.
 */
export const hear = async (ctx: Pick<Ctx, 'db' | 'memberships'>, event: LiveKitEvent) => {
  const { type, room, device } = event
  if (!['participant_joined', 'participant_left', 'participant_connection_aborted', 'room_finished'].includes(type))
    return
  const coming = await comer(ctx, event)
  await ctx.db.tx(async (tx) => {
    if (!(await calls.first(tx, event.id))) return
    // Before the call's row, as everywhere: who removes somebody waits, and then has them put out, or has come first.
    if (coming && !(coming.member && (await lockRight(tx, coming))))
      return tx.addJob('call.disconnect', { livekitRoom: room, userId: coming.userId })
    const call = await calls.byName(tx, room)
    if (!call) return
    const left = type !== 'participant_joined'
    if (call.endedAt) return left ? undefined : shut(tx, room)
    if (type === 'room_finished') return finish(tx, call)
    if (!device) return
    const { sid, userId } = device
    if (!(await calls.device(tx, { callId: call.id, sid, userId, at: event.at, left }))) return
    tx.emit(topicOf(call.roomId), 'call.updated', (await calls.shown(tx, call.id))!)
    await say(tx, call.roomId, { kind: left ? 'call.left' : 'call.joined', callId: call.id, userId })
  })
}

// Who comes, into which room, and whether they are in its workspace: that is asked before a transaction begins.
const comer = async (ctx: Pick<Ctx, 'db' | 'memberships'>, { type, room, device }: LiveKitEvent) => {
  if (type !== 'participant_joined' || !device) return undefined
  const place = await calls.place(ctx.db, room)
  if (!place) return undefined
  const { role } = await ctx.memberships.of(place.workspaceId, device.userId, { fresh: true })
  return { roomId: place.roomId, userId: device.userId, member: role !== null }
}

/** Ends what LiveKit does not have any more, where its word did not reach us. */
export const reconcile = async ({ db, tx, livekit }: JobCtx<Deps>) => {
  await calls.forgetEvents(db)
  if (!livekit) return
  const old = await calls.old(db, { seconds: waitSeconds, unused: tokenSeconds, limit: 100 })
  if (old.length === 0) return
  const existing = new Set(await livekit.existing(old.map((c) => c.livekitRoom)))
  for (const call of old) if (!existing.has(call.livekitRoom)) await tx((t) => finish(t, call))
}

export const close = async ({ livekit, job }: JobCtx<Deps>, { livekitRoom }: { livekitRoom: string }) => {
  await job.lease()
  await livekit?.close(livekitRoom)
}

export const disconnect = async (
  { livekit, job }: JobCtx<Deps>,
  { livekitRoom, userId }: { livekitRoom: string; userId: string },
) => {
  await job.lease()
  await livekit?.disconnect(livekitRoom, userId)
}

/**
 * A call ended, and LiveKit's room with it: at once, and when no token opens it, by whatever clock, for word of who came
 * meanwhile may be lost.
 */
export const shut = (tx: Tx, livekitRoom: string) => {
  tx.addJob('call.close', { livekitRoom })
  tx.addJob('call.close', { livekitRoom }, { runAt: new Date(Date.now() + (tokenSeconds + 60) * 1000) })
}

const finish = async (tx: Tx, { id, roomId, livekitRoom }: calls.Running) => {
  const ended = await calls.end(tx, id)
  if (!ended) return
  shut(tx, livekitRoom)
  tx.emit(topicOf(roomId), 'call.ended', { id, chatId: roomId })
  await say(tx, roomId, { kind: 'call.ended', callId: id, seconds: ended.seconds })
}

const say = (tx: Tx, roomId: string, content: SystemContent) => {
  const row: messages.NewRow = {
    id: newId(),
    roomId,
    clientId: newId(),
    senderId: null,
    senderName: '',
    type: 'system',
    content: JSON.stringify(content),
    attachments: [],
    mentions: [],
    reply: undefined,
  }
  return tx.append<Message>({ topic: topicOf(roomId), type: 'message', subject: row.id, row: messages.insert(row) })
}
