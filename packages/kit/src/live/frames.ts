import * as z from 'zod'
import { codeOf } from '../errors.ts'
import type { ClientFrame } from './intake.ts'
import type { Connection, RoomsRule, Socket } from './socket.ts'
import type { From } from './topic.ts'

type Maybe<T> = T | Promise<T>

/**
 * What the frames of a client act on. The rules of frames are the same on every transport: on Node a hub stands behind
 * this, on Lambda what Redis and the log know.
 */
export interface Seat extends Connection {
  /** The context of its person. */
  context(): object
  /** Sends what came after, then `ready`, then what comes. Not awaited: the client may ping, or resume anew, meanwhile. */
  resume(from: From): void
  /** The last seq that was sent of its own topic. */
  standing(): Maybe<number>
  renew(ticket: string): Promise<void>
  rooms: RoomsSeat | undefined
}

/** A room of a `subscribe`. */
export interface Wanted {
  name: string
  from: From
}
export interface RoomsSeat {
  /** As `resume`, for many topics, each decided first: `ready` or `removed` for each. Not awaited either. */
  subscribe(wanted: readonly Wanted[], n: number): void
  /** Answers `unsubscribed` for each. */
  unsubscribe(names: readonly string[], n: number): Maybe<void>
  /** The last seq that was sent of each of them that it has. */
  standings(names: readonly string[]): Maybe<Record<string, number>>
}

export interface FrameParts {
  socket: Socket
  warn(message: string, about: object): void
}

/** Does what a frame of a client says; what it does not understand is an `error` and not the end. */
export const handleFrame = async ({ socket, warn }: FrameParts, seat: Seat, frame: ClientFrame): Promise<void> => {
  const payload = (frame.payload ?? {}) as Record<string, unknown>
  const rule = socket.protocol.rooms
  if (frame.type === 'resume') return resume(seat, payload)
  if (frame.type === 'renew') return seat.renew(String(payload['ticket']))
  if (frame.type === 'ping') {
    const { seqs } = payload
    const names = typeof seqs === 'object' && seqs !== null ? Object.keys(seqs) : undefined
    const rooms = seat.rooms && names && { seqs: await seat.rooms.standings(names) }
    return seat.send('pong', { seq: await seat.standing(), ...rooms })
  }
  if (seat.rooms && rule && (frame.type === 'subscribe' || frame.type === 'unsubscribe'))
    return changeRooms(rule, { seat, rooms: seat.rooms }, { type: frame.type, payload })
  const { protocol, route } = socket
  const parsed = protocol.message && route.incoming?.safeParse(frame)
  if (!parsed?.success) return refuse(seat, payload, parsed?.error.issues[0])
  try {
    await protocol.message?.(seat.context() as never, parsed.data as never, connectionOf(seat) as never)
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) warn('a frame could not be handled', { type: frame.type, err: error })
    fault(seat, code ?? 'INTERNAL_ERROR', code ? (error as Error).message : 'Something went wrong on our side.')
  }
}

// Functions that stand alone, so that a protocol may take out the ones it needs.
const connectionOf = (seat: Seat): Connection => ({
  given: seat.given,
  send: (type, payload) => seat.send(type, payload),
  stand: (standing) => seat.stand(standing),
  has: (room) => seat.has(room),
})

/** What was wrong with a frame, to whoever sent it. */
export const fault = (seat: Pick<Seat, 'send'>, code: string, message: string, about: object = {}) =>
  seat.send('error', { code, message, ...about })

// Says of which of several it speaks, and what of it is wrong, or its sender would send it again without end.
const refuse = (seat: Seat, { clientId, chatId }: Record<string, unknown>, issue: z.core.$ZodIssue | undefined) => {
  const known = issue?.path[0] === 'payload'
  const message = known ? `${issue.path.slice(1).join('.')}: ${issue.message}` : 'This socket takes no such frame.'
  fault(seat, 'VALIDATION_ERROR', message, {
    ...(typeof clientId === 'string' && { clientId: clientId.slice(0, 100) }),
    ...(typeof chatId === 'string' && { chatId: chatId.slice(0, 100) }),
  })
}

const Start = z.object({
  after: z
    .int()
    .min(0)
    .nullish()
    .transform((after) => after ?? undefined),
  epoch: z.string().optional().catch(undefined),
})

const resume = (seat: Seat, payload: object) => {
  const from = Start.safeParse(payload)
  if (!from.success) return fault(seat, 'VALIDATION_ERROR', 'after is a seq: a whole number from 0.')
  seat.resume(from.data)
}

const mostAtOnce = 100
const n = z.int().min(0)

// One room in the payload itself, or up to a hundred in its `topics`.
const changeRooms = (
  { key, name }: Pick<RoomsRule, 'key' | 'name'>,
  { seat, rooms }: { seat: Seat; rooms: RoomsSeat },
  { type, payload }: { type: 'subscribe' | 'unsubscribe'; payload: Record<string, unknown> },
) => {
  const number = n.safeParse(payload['n'])
  const named = z
    .array(Start.extend({ [key]: name }))
    .min(1)
    .max(mostAtOnce)
    .safeParse(payload['topics'] ?? [payload])
  if (!number.success || !named.success) {
    const message = `${type} takes n, a whole number, and ${key}, or up to ${mostAtOnce} of them in topics.`
    return fault(seat, 'VALIDATION_ERROR', message)
  }
  const wanted = named.data.map((one): Wanted => {
    const { [key]: called, ...from } = one as From & Record<string, unknown>
    return { name: called as string, from }
  })
  if (type === 'subscribe') return rooms.subscribe(wanted, number.data)
  const names = wanted.map((one) => one.name)
  return rooms.unsubscribe(names, number.data)
}
