import * as z from 'zod'
import { id } from '../fields.ts'
import { event } from '../live.ts'
import { Call } from './calls.ts'
import { Message, Reaction } from './messages.ts'
import { Participant } from './participants.ts'
import { Room } from './rooms.ts'

/** On a socket over many rooms it says at its top whose it is. */
const inRoom = <T extends string, P extends z.ZodType>(type: T, payload: P) =>
  event(type, payload).extend({ chatId: id.optional() })

/**
 * What happened in a room, in the order of `seq`, kept for 90 days. A payload is the whole row as it then was: put it in
 * the place of the one with that id, unless that one's `version` is higher. `payload` is null where a later deletion
 * blanked it.
 */
export const RoomEvent = z
  .discriminatedUnion('type', [
    inRoom('message', Message.nullable()),
    inRoom('message.updated', Message.nullable()),
    inRoom('message.deleted', Message),
    inRoom('reaction', z.strictObject({ messageId: id, reactions: z.array(Reaction) }).nullable()),
    inRoom('room.updated', Room),
    inRoom('room.deleted', z.strictObject({ id })),
    inRoom('call.started', Call),
    inRoom('call.updated', Call),
    inRoom('call.ended', z.strictObject({ id, chatId: id })),
    inRoom('participant.added', Participant),
    inRoom('participant.updated', Participant),
    inRoom('participant.removed', z.strictObject({ chatId: id, userId: id })),
  ])
  .meta({ id: 'RoomEvent' })
export type RoomEvent = z.infer<typeof RoomEvent>

/** What happened to somebody's rooms: the topic `user:<id>`, which a socket over many rooms always has. */
export const MyRoomsEvent = z
  .discriminatedUnion('type', [event('room.added', Room), event('room.removed', z.strictObject({ id }))])
  .meta({ id: 'MyRoomsEvent' })
export type MyRoomsEvent = z.infer<typeof MyRoomsEvent>
