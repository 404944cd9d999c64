import * as z from 'zod'
import { id, ids, seq, text, time } from '../fields.ts'
import { Bye, Fault, frame, Pong, Presence, Ready, Renewed, Reset, Stale } from '../live.ts'
import { route, socketRoute } from '../route.ts'
import { MyRoomsEvent, RoomEvent } from './events.ts'
import { needed, NewMessage, saysSomething } from './messages.ts'

const said = {
  clientId: id,
  content: NewMessage.shape.content,
  messageType: NewMessage.shape.type,
  attachments: NewMessage.shape.attachments,
  mentions: NewMessage.shape.mentions,
  replyTo: NewMessage.shape.replyTo,
}
const type = z.literal('message')
const typing = z.strictObject({ type: z.literal('typing'), payload: z.strictObject({}).optional() })
const stand = frame('stand', { state: z.enum(['online', 'away']) })

/** What a client says in one room. `message` is answered by `ack`, or by `error` with its clientId. */
export const InRoom = z.discriminatedUnion('type', [
  z.strictObject({ type, payload: z.strictObject(said).refine(saysSomething, needed) }),
  typing,
  frame('read', { seq }),
])
export type InRoom = z.infer<typeof InRoom>

const chatId = { chatId: id }
/** The same on a socket over many rooms: each names its room. `stand` says whether somebody is at the keyboard. */
export const InRooms = z.discriminatedUnion('type', [
  z.strictObject({ type, payload: z.strictObject({ ...chatId, ...said }).refine(saysSomething, needed) }),
  frame('typing', chatId),
  frame('read', { ...chatId, seq }),
  stand,
])
export type InRooms = z.infer<typeof InRooms>

/** On a socket over many rooms: whose it is, and the `n` of the frame that it answers. */
const whose = { chatId: id.optional(), n: z.int().min(0).optional() }
const control = [
  frame('ready', { ...Ready.shape.payload.shape, ...whose }),
  frame('reset', { ...Reset.shape.payload.shape, ...whose }),
  frame('pong', { ...Pong.shape.payload.shape, seqs: z.record(id, seq).optional() }),
  frame('error', { ...Fault.shape.payload.shape, ...whose, topics: z.array(z.strictObject(chatId)).optional() }),
  frame('stale', { ...Stale.shape.payload.shape, chatId: id.optional() }),
  frame('ack', { ...chatId, clientId: id, id, seq }),
  Bye,
  Renewed,
] as const
/** What passes: nobody is told of it later. `read` is somebody's mark as it now is; it only moves forward. */
const passing = [
  frame('typing', { ...chatId, userId: id, name: text(200) }).extend({ chatId: id.optional() }),
  frame('read', { ...chatId, userId: id, seq }).extend({ chatId: id.optional() }),
] as const
const ofRooms = [
  /** The room is not mine, or no longer: forget it, and stay. */
  frame('removed', { ...chatId, n: z.int().min(0).optional() }),
  frame('unsubscribed', { ...chatId, n: z.int().min(0) }),
] as const

export const room = socketRoute({
  path: '/api/chats/ws/{chatId}',
  summary: 'One room, live. First frame `resume { after?, epoch? }`',
  params: z.strictObject(chatId),
  incoming: InRoom,
  outgoing: z.union([RoomEvent, ...control, ...passing, Presence]),
  example: { params: { chatId: '$room' } },
})

export const rooms = socketRoute({
  path: '/api/chats/ws',
  summary:
    'Rooms of a workspace on one socket: `subscribe { topics: [{ chatId, after?, epoch? }], n }`, up to 100 rooms in one frame and 1,000 in all, and `unsubscribe { topics: [{ chatId }], n }`, where `n` rises. Its own topic says which rooms are mine',
  params: z.strictObject({}),
  query: z.strictObject({ workspaceId: id }),
  incoming: InRooms,
  outgoing: z.union([RoomEvent, MyRoomsEvent, ...control, ...passing, ...ofRooms]),
  example: { params: {} },
})

const State = z.enum(['online', 'away', 'offline'])

export const presence = socketRoute({
  path: '/api/chats/ws/presence',
  summary: 'Who of a workspace is online: everybody who is, `whole`, and then each change',
  params: z.strictObject({}),
  query: z.strictObject({ workspaceId: id }),
  incoming: stand,
  outgoing: z.union([
    ...control,
    frame('presence', { people: z.array(z.strictObject({ userId: id, state: State })), whole: z.boolean() }),
  ]),
  example: { params: {} },
})

export const present = route({
  method: 'GET',
  path: '/api/chats/presence',
  summary:
    'Who of a workspace is online or away, 1,000 at most; and of those asked for by `userIds`, when they last were',
  access: 'scoped',
  query: z.strictObject({
    workspaceId: id,
    userIds: ids.optional(),
  }),
  response: z.strictObject({
    items: z.array(z.strictObject({ userId: id, state: State, lastSeen: time.nullable() })),
    nextCursor: z.null(),
  }),
  example: { query: { workspaceId: '$workspace' } },
})
