import * as z from 'zod'
import { id, seq, time } from '../fields.ts'
import { livePage, paging } from '../page.ts'
import { route } from '../route.ts'
import { RoomRole } from './rooms.ts'

/** Somebody in a room, at most 1,000 of them. Names are user-service's: `GET /api/users?ids=`. */
export const Participant = z
  .strictObject({ chatId: id, userId: id, role: RoomRole, readSeq: seq, joinedAt: time })
  .meta({ id: 'Participant' })
export type Participant = z.infer<typeof Participant>

const params = z.strictObject({ id })
const one = z.strictObject({ id, userId: id })

export const list = route({
  method: 'GET',
  path: '/api/chats/{id}/participants',
  summary: 'Who is in a room, in the order they came',
  access: 'scoped',
  params,
  query: z.strictObject(paging),
  response: livePage(Participant),
  example: { params: { id: '$room' } },
})

export const add = route({
  method: 'POST',
  path: '/api/chats/{id}/participants',
  summary:
    'Add somebody of the workspace; everybody in the room may. They read what was said before. 409 where there are 1,000',
  access: 'scoped',
  idempotent: true,
  params,
  body: z.strictObject({ userId: id, role: RoomRole.default('member') }),
  status: 201,
  response: Participant,
  example: { params: { id: '$room' }, body: { userId: '$member' } },
})

export const update = route({
  method: 'PATCH',
  path: '/api/chats/{id}/participants/{userId}',
  summary: 'Make somebody an admin or a member; admins may. The last admin stays one',
  access: 'scoped',
  params: one,
  body: z.strictObject({ role: RoomRole }),
  response: Participant,
  example: { params: { id: '$room', userId: '$member' }, body: { role: 'admin' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/chats/{id}/participants/{userId}',
  summary: 'Remove somebody (admins may), or leave. A direct room is not left; an empty one is deleted',
  access: 'scoped',
  params: one,
  status: 204,
  example: { params: { id: '$room', userId: '$member' } },
})
