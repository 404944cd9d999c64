import * as z from 'zod'
import { id, name, seq, time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'
import { Message } from './messages.ts'

/** `direct`: two people, one room a pair and workspace, for good. `group` and `project` have a name and admins. */
export const RoomType = z.enum(['direct', 'group', 'project'])
/** An admin names the room, removes people and messages, and deletes it; whoever makes a room is its first. */
export const RoomRole = z.enum(['admin', 'member'])
export type RoomRole = z.infer<typeof RoomRole>

export const Room = z
  .strictObject({
    id,
    workspaceId: id,
    type: RoomType,
    /** Null in a direct room, which is called after the other of its `pair`. */
    name: z.string().nullable(),
    /** The two of a direct room, whether or not both are in it now; null in others. */
    pair: z.array(id).length(2).nullable(),
    projectId: id.nullable(),
    createdBy: id,
    version: z.int(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Room' })
export type Room = z.infer<typeof Room>

const mine = {
  myRole: RoomRole,
  /** How far I have read; only forward. */
  readSeq: seq,
  /** Messages of others above it, counted to 100: 100 means that many or more. */
  unreadCount: z.int(),
  participantCount: z.int(),
}

/** A room in my list, as it was at `seq`, the head of its topic. `participantIds` are the first ten who came. */
export const ListedRoom = Room.extend({
  ...mine,
  seq,
  participantIds: z.array(id),
  lastMessage: Message.nullable(),
  /** Of the last message, or of the room while there is none. */
  activeAt: time,
}).meta({ id: 'ListedRoom' })
export type ListedRoom = z.infer<typeof ListedRoom>

/** A room as it was at `seq`, the head of its topic. */
export const RoomDetail = Room.extend({ ...mine, seq }).meta({ id: 'RoomDetail' })
export type RoomDetail = z.infer<typeof RoomDetail>

const people = z
  .array(id)
  .max(200)
  .refine((ids) => new Set(ids).size === ids.length, 'names somebody twice')

export const NewRoom = z
  .strictObject({
    workspaceId: id,
    type: RoomType,
    name: name(100).optional(),
    /** What the room is about, for clients: it grants and takes nothing. Who is in the room is said by its participants alone. */
    projectId: id.optional(),
    /** Others than the maker: one for a direct room. All must be in the workspace. */
    participantIds: people,
  })
  .refine((r) => r.type !== 'direct' || (r.participantIds.length === 1 && r.name === undefined), {
    path: ['participantIds'],
    message: 'of a direct room is one other person, and it has no name',
  })
  .refine((r) => r.type === 'direct' || r.name !== undefined, { path: ['name'], message: 'is needed' })
  .refine((r) => (r.type === 'project') === (r.projectId !== undefined), {
    path: ['projectId'],
    message: 'is for rooms of type project, and needed there',
  })
export type NewRoom = z.infer<typeof NewRoom>

const params = z.strictObject({ id })
const example = { params: { id: '$room' } }

export const list = route({
  method: 'GET',
  path: '/api/chats',
  summary: 'My rooms of a workspace with unread count and last message, newest activity first',
  access: 'scoped',
  query: z.strictObject({ workspaceId: id, ...paging }),
  response: page(ListedRoom),
  example: { query: { workspaceId: '$workspace' } },
})

export const create = route({
  method: 'POST',
  path: '/api/chats',
  summary: 'Make a room. For a direct one that is there already: that one',
  access: 'scoped',
  idempotent: true,
  versioned: true,
  body: NewRoom,
  status: 201,
  response: RoomDetail,
  example: { body: { workspaceId: '$workspace', type: 'group', name: 'Lunch', participantIds: ['$member'] } },
})

export const get = route({
  method: 'GET',
  path: '/api/chats/{id}',
  summary: 'A room, with my role and how far I have read',
  access: 'scoped',
  versioned: true,
  params,
  response: RoomDetail,
  example,
})

export const update = route({
  method: 'PATCH',
  path: '/api/chats/{id}',
  summary: 'Rename a room; its admins may, and a direct room has no name',
  access: 'scoped',
  versioned: true,
  params,
  body: z.strictObject({ name: name(100) }),
  response: Room,
  example: { ...example, body: { name: 'Supper' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/chats/{id}',
  summary: 'Delete a room with all that was said in it; its admins may. A direct room stays',
  access: 'scoped',
  params,
  status: 204,
  example,
})

export const read = route({
  method: 'PUT',
  path: '/api/chats/{id}/read',
  summary: 'I have read up to this seq; only forward, and not past the room’s head',
  access: 'scoped',
  params,
  body: z.strictObject({ seq }),
  response: z.strictObject({ readSeq: seq, unreadCount: z.int() }),
  example: { ...example, body: { seq: 1 } },
})
