import * as z from 'zod'
import { id, seq, text, time } from '../fields.ts'
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
const frame = <T extends string, P extends z.ZodRawShape>(type: T, payload: P) =>
  z.strictObject({ type: z.literal(type), payload: z.strictObject(payload) })
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

const control = [
  z.strictObject({ type: z.enum(['ready', 'reset', 'pong']), payload: z.looseObject({}) }),
  z.strictObject({ type: z.enum(['bye', 'error', 'renewed']), payload: z.looseObject({}) }),
  frame('ack', { ...chatId, clientId: id, id, seq }),
] as const
/** What passes: nobody is told of it later. `read` is somebody's mark as it now is; it only moves forward. */
const passing = [
  frame('typing', { ...chatId, userId: id, name: text(200) }),
  frame('read', { ...chatId, userId: id, seq }),
  z.strictObject({ type: z.literal('presence'), payload: z.looseObject({}) }),
] as const

export const room = socketRoute({
  path: '/api/chats/ws/{chatId}',
  summary: 'One room, live. First frame `resume { after?, epoch? }`',
  params: z.strictObject(chatId),
  incoming: InRoom,
  outgoing: z.union([RoomEvent, ...control, ...passing]),
  example: { params: { chatId: '$room' } },
})

export const rooms = socketRoute({
  path: '/api/chats/ws',
  summary:
    'Rooms of a workspace on one socket: `subscribe { topics: [{ chatId, after? }], n }` and `unsubscribe`. Its own topic says which rooms are mine',
  params: z.strictObject({}),
  query: z.strictObject({ workspaceId: id }),
  incoming: InRooms,
  outgoing: z.union([RoomEvent, MyRoomsEvent, ...control, ...passing]),
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
    userIds: z
      .string()
      .max(8000)
      .transform((v) => v.split(','))
      .pipe(z.array(id).max(200))
      .optional(),
  }),
  response: z.strictObject({
    items: z.array(z.strictObject({ userId: id, state: State, lastSeen: time.nullable() })),
    nextCursor: z.null(),
  }),
  example: { query: { workspaceId: '$workspace' } },
})
