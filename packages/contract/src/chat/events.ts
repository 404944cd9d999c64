import * as z from 'zod'
import { id, seq, time } from '../fields.ts'
import { Call } from './calls.ts'
import { Message, Reaction } from './messages.ts'
import { Participant } from './participants.ts'
import { Room } from './rooms.ts'

const event = <T extends string, P extends z.ZodType>(type: T, payload: P) =>
  z.strictObject({ type: z.literal(type), seq, payload, timestamp: time, actorId: id.nullable() })

/**
 * What happened in a room, in the order of `seq`, kept for 90 days. A payload is the whole row as it then was: put it in
 * the place of the one with that id, unless that one's `version` is higher. `payload` is null where a later deletion
 * blanked it.
 */
export const RoomEvent = z
  .discriminatedUnion('type', [
    event('message', Message.nullable()),
    event('message.updated', Message.nullable()),
    event('message.deleted', Message),
    event('reaction', z.strictObject({ messageId: id, reactions: z.array(Reaction) }).nullable()),
    event('room.updated', Room),
    event('room.deleted', z.strictObject({ id })),
    event('call.started', Call),
    event('call.updated', Call),
    event('call.ended', z.strictObject({ id, chatId: id })),
    event('participant.added', Participant),
    event('participant.updated', Participant),
    event('participant.removed', z.strictObject({ chatId: id, userId: id })),
  ])
  .meta({ id: 'RoomEvent' })
export type RoomEvent = z.infer<typeof RoomEvent>

/** What happened to somebody's rooms: the topic `user:<id>`, which a socket over many rooms always has. */
export const MyRoomsEvent = z
  .discriminatedUnion('type', [event('room.added', Room), event('room.removed', z.strictObject({ id }))])
  .meta({ id: 'MyRoomsEvent' })
export type MyRoomsEvent = z.infer<typeof MyRoomsEvent>
