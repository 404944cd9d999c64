import * as z from 'zod'
import { id, text, time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'

export const JoinRequestStatus = z.enum(['pending', 'approved', 'rejected'])

export const JoinRequest = z
  .strictObject({
    id,
    workspaceId: id,
    userId: id,
    name: z.string(),
    avatarUrl: z.string().nullable(),
    message: z.string().nullable(),
    status: JoinRequestStatus,
    createdAt: time,
    decidedAt: time.nullable(),
    /** Null also where a workspace lets everybody in. */
    decidedBy: id.nullable(),
  })
  .meta({ id: 'JoinRequest' })
export type JoinRequest = z.infer<typeof JoinRequest>

const params = z.strictObject({ id })

export const list = route({
  method: 'GET',
  path: '/api/workspaces/{id}/join-requests',
  summary: 'Who asked to join, newest first; for admins',
  access: 'scoped',
  params,
  query: z.strictObject({ status: JoinRequestStatus.optional(), ...paging }),
  response: page(JoinRequest),
  example: { params: { id: '$workspace' } },
})

export const create = route({
  method: 'POST',
  path: '/api/workspaces/{id}/join-requests',
  summary: 'Ask to join a public workspace; one that requires no approval lets me in at once',
  access: 'self',
  idempotent: true,
  params,
  body: z.strictObject({ message: text(500).nullable().default(null) }),
  status: 201,
  response: JoinRequest,
  example: { params: { id: '$publicWorkspace' }, body: { message: 'May I have some tea?' } },
})

export const decide = route({
  method: 'PATCH',
  path: '/api/workspaces/{id}/join-requests/{requestId}',
  summary: 'Approve or reject, once; admins may',
  access: 'scoped',
  params: z.strictObject({ id, requestId: id }),
  body: z.strictObject({ status: z.enum(['approved', 'rejected']) }),
  response: JoinRequest,
  example: { params: { id: '$workspace', requestId: '$joinRequest' }, body: { status: 'approved' } },
})
