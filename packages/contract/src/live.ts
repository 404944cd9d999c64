import * as z from 'zod'
import { id, seq, time } from './fields.ts'
import { ErrorCode } from './problem.ts'

/**
 * Why a socket or stream ends, and what its client does then. `bye` tells it before the close: API Gateway has no codes
 * of its own, and a browser shows a refused upgrade as 1006.
 */
export const closeCodes = {
  done: 1000,
  tooLarge: 1009,
  /** The process goes: come back with jitter, and resume. */
  restarting: 1012,
  protocol: 4400,
  /** Not signed in, expired or revoked: a new ticket first. */
  unauthorized: 4401,
  /** No longer allowed: do not come back. */
  forbidden: 4403,
  unknown: 4404,
  /** Did not read fast enough: resume. */
  tooSlow: 4408,
  tooMany: 4429,
} as const
export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes]

/** An event: `seq` is its place in the log of its topic, dense and from 1. Every listener sees each once. */
export const event = <T extends string, P extends z.ZodType>(type: T, payload: P) =>
  z.strictObject({ type: z.literal(type), seq, payload, timestamp: time, actorId: id.nullable() })

/** Any other frame: no part of a sequence, so nothing in it moves a client's cursor. */
export const frame = <T extends string, P extends z.ZodRawShape>(type: T, payload: P) =>
  z.strictObject({ type: z.literal(type), payload: z.strictObject(payload) })

/** Where a topic stands; `epoch` is to be named by the next `resume`, and is missing of a topic without an event. */
const standing = { seq, epoch: z.uuid().optional() }

/** From here on it is live: all that came after `after` was sent. */
export const Ready = frame('ready', standing)
/** What is here cannot be continued: read the state anew. `ready` follows. */
export const Reset = frame('reset', standing)
/** `seq` is the last one that was sent here: above one's own something is missing, so resume. */
export const Pong = frame('pong', { seq })
/** Comes before every close. */
export const Bye = frame('bye', {
  code: z.literal(Object.values(closeCodes)),
  retryAfter: z.int().min(0).describe('Milliseconds to wait before coming back').optional(),
})
/** A frame was not done. One that is refused, by a `code` below 500, is not sent again as it is. */
export const Fault = frame('error', { code: ErrorCode, message: z.string(), clientId: z.string().optional() })
/** A `renew` was taken: the connection may stay until then. */
export const Renewed = frame('renewed', { expiresAt: time })
/** Behind API Gateway: the event of that seq is too large for a frame. Read the state anew, as after `reset`. */
export const Stale = frame('stale', { seq })

/** What every socket of one topic may say besides its events. */
export const control = [Ready, Reset, Pong, Bye, Fault, Renewed, Stale] as const

/** Who has it open: everybody, `count`, of whom 200 at most are named. It takes the place of the one before. */
export const Presence = frame('presence', { userIds: z.array(id).max(200), count: z.int().min(0) })
