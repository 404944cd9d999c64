import * as z from 'zod'
import { bytes, id, seconds, seq, text, time } from '../fields.ts'
import { livePage, page, paging } from '../page.ts'
import { route } from '../route.ts'

/** A file of a message. Its address comes from `GET /api/chats/{id}/attachments/{attachmentId}`. */
export const MessageAttachment = z
  .strictObject({ id, name: z.string(), contentType: z.string(), size: bytes })
  .meta({ id: 'MessageAttachment' })

/**
 * What the `content` of a system message says, as JSON: a call began, somebody came into it or left, it ended after so
 * many seconds. People write names and languages themselves.
 */
export const SystemContent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('call.started'), callId: id, userId: id }),
  z.strictObject({ kind: z.literal('call.joined'), callId: id, userId: id }),
  z.strictObject({ kind: z.literal('call.left'), callId: id, userId: id }),
  z.strictObject({ kind: z.literal('call.ended'), callId: id, seconds }),
])
export type SystemContent = z.infer<typeof SystemContent>

/** Who answered with what, in the order they came. */
export const Reaction = z.strictObject({ emoji: z.string(), userIds: z.array(id) }).meta({ id: 'Reaction' })

/**
 * A message. Those of a room lie in the order of `seq`, the seq of the event that made it. A deleted one stays as a mark
 * in its place, with `deletedAt` and no content. `version` grows with its content and with its deletion; reactions leave
 * it.
 */
export const Message = z
  .strictObject({
    id,
    chatId: id,
    seq,
    /** Named by the sender: the same one again is the same message. */
    clientId: id,
    /** Null for what the system says, whose `content` is a SystemContent. */
    senderId: id.nullable(),
    /** As it was when they wrote. */
    senderName: z.string(),
    type: z.enum(['text', 'image', 'file', 'system']),
    content: z.string(),
    attachments: z.array(MessageAttachment),
    mentions: z.array(id),
    replyTo: z.strictObject({ id, seq }).nullable(),
    reactions: z.array(Reaction),
    version: z.int(),
    createdAt: time,
    editedAt: time.nullable(),
    deletedAt: time.nullable(),
  })
  .meta({ id: 'Message' })
export type Message = z.infer<typeof Message>

const mentions = z
  .array(id)
  .max(50)
  .refine((ids) => new Set(ids).size === ids.length, 'names somebody twice')

/** Every message has words or a file. */
export const saysSomething = (m: { content: string; attachments: readonly string[] }) =>
  m.content.trim() !== '' || m.attachments.length > 0
export const needed = { path: ['content'], message: 'is needed' }

export const NewMessage = z
  .strictObject({
    clientId: id,
    content: text(8000).default(''),
    type: z.enum(['text', 'image', 'file']).default('text'),
    /** Ids of uploads of this room by the sender. */
    attachments: z.array(id).max(10).default([]),
    /** People of the room who are told even where they told us to be quiet about messages. */
    mentions: mentions.default([]),
    /** The id of a message of this room. */
    replyTo: id.nullable().default(null),
  })
  .refine(saysSomething, needed)
export type NewMessage = z.infer<typeof NewMessage>

const params = z.strictObject({ id })
const inRoom = { params: { id: '$room' } }
const example = { params: { id: '$message' } }
const number = z.coerce.number<number>().int().min(0)

export const list = route({
  method: 'GET',
  path: '/api/chats/{id}/messages',
  summary:
    'Messages of a room, the newest first: all, or those before a seq. After a seq: the oldest first. Around a seq: half a page on either side, newest first, without a cursor',
  access: 'scoped',
  params,
  query: z
    .strictObject({ before: number.optional(), after: number.optional(), around: number.optional(), ...paging })
    .refine((q) => [q.before, q.after, q.around].filter((v) => v !== undefined).length < 2, {
      path: ['before'],
      message: 'is one of three: before, after, around',
    }),
  response: livePage(Message),
  example: inRoom,
})

export const send = route({
  method: 'POST',
  path: '/api/chats/{id}/messages',
  summary: 'Say something. The same clientId again answers the same message',
  access: 'scoped',
  params,
  body: NewMessage,
  status: 201,
  response: Message,
  example: { ...inRoom, body: { clientId: '0192f0c1-7a5e-7c3b-9d2e-3f4a5b6c7d8e', content: 'Good morning' } },
})

export const update = route({
  method: 'PATCH',
  path: '/api/messages/{id}',
  summary: 'Change what I said; a message that has a file may be left without words',
  access: 'scoped',
  versioned: true,
  params,
  body: z.strictObject({
    content: text(8000),
    mentions: mentions.optional(),
  }),
  response: Message,
  example: { ...example, body: { content: 'Good morning!' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/messages/{id}',
  summary: 'Take back a message: its author may, and the room’s admins. A mark stays in its place',
  access: 'scoped',
  params,
  status: 204,
  example,
})

/** One emoji, as people choose it: with skin tone, flags and joined ones. */
export const emoji = z
  .string()
  .max(64)
  .refine((s) => /^(?:\p{RGI_Emoji})$/v.test(s), 'is one emoji')

const reaction = z.strictObject({ id, emoji })
const reacting = { params: { id: '$message', emoji: '👍' } }

export const react = route({
  method: 'PUT',
  path: '/api/messages/{id}/reactions/{emoji}',
  summary: 'Answer a message with an emoji; twice is once. A message takes 20 different ones, and 2,000 in all',
  access: 'scoped',
  params: reaction,
  response: Message,
  example: reacting,
})

export const unreact = route({
  method: 'DELETE',
  path: '/api/messages/{id}/reactions/{emoji}',
  summary: 'Take my emoji back',
  access: 'scoped',
  params: reaction,
  response: Message,
  example: reacting,
})

export const search = route({
  method: 'GET',
  path: '/api/chats/search',
  summary: 'Messages that contain a text, in the rooms that I am in, newest first',
  access: 'scoped',
  query: z.strictObject({ workspaceId: id, q: text(200, 1), chatId: id.optional(), ...paging }),
  response: page(Message),
  example: { query: { workspaceId: '$workspace', q: 'morning' } },
})
