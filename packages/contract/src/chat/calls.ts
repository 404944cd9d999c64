import * as z from 'zod'
import { id, seq, time } from '../fields.ts'
import { route } from '../route.ts'

/** A call in a room, while it lasts. `people` are those whose devices LiveKit says are connected. */
export const Call = z
  .strictObject({
    id,
    chatId: id,
    startedBy: id,
    startedAt: time,
    people: z.array(z.strictObject({ userId: id, joinedAt: time })),
  })
  .meta({ id: 'Call' })
export type Call = z.infer<typeof Call>

const params = z.strictObject({ id })
const example = { params: { id: '$room' } }

export const join = route({
  method: 'POST',
  path: '/api/chats/{id}/call',
  summary:
    'Start the call of a room, or join it: `url` and `token` are for a LiveKit client, for that room alone and 10 minutes to connect, unless the call ends before. 503 where no LiveKit is configured',
  access: 'scoped',
  params,
  status: 201,
  response: z.strictObject({ url: z.string(), token: z.string(), room: z.string(), call: Call }),
  example,
})

export const get = route({
  method: 'GET',
  path: '/api/chats/{id}/call',
  summary: 'The call of a room and who is in it, null where there is none, as it was at `seq`, the head of the room',
  access: 'scoped',
  params,
  response: z.strictObject({ call: Call.nullable(), seq }),
  example,
})

export const end = route({
  method: 'DELETE',
  path: '/api/chats/{id}/call',
  summary: 'End the call for everybody: who started it may, and the room’s admins',
  access: 'scoped',
  params,
  status: 204,
  example,
})

/** What LiveKit says, as far as it matters here: it says more, and signs all of it. */
export const CallWebhook = z.looseObject({
  id: z.string(),
  /** `participant_joined`, `participant_left`, `participant_connection_aborted`, `room_finished`; others change nothing. */
  event: z.string(),
  /** Seconds since 1970. */
  createdAt: z.string(),
  room: z.looseObject({ name: z.string() }).optional(),
  participant: z.looseObject({ sid: z.string(), identity: z.string() }).optional(),
})

export const webhook = route({
  method: 'POST',
  path: '/api/chats/livekit/webhook',
  summary: 'What LiveKit says happened in a call, signed with its key. May be repeated',
  access: 'public',
  raw: { media: 'application/webhook+json', schema: CallWebhook },
  limit: 'none',
  maxBody: 64 * 1024,
  status: 204,
  example: {},
})
