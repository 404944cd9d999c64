import * as z from 'zod'
import { id, text, time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'
import { GrantedProjectRole } from './members.ts'

const Status = z.enum(['pending', 'approved', 'rejected'])

/** Somebody who can see a project and wants to be in it. Names are user-service's. */
export const ProjectJoinRequest = z
  .strictObject({
    id,
    projectId: id,
    userId: id,
    message: z.string(),
    status: Status,
    createdAt: time,
    decidedAt: time.nullable(),
    decidedBy: id.nullable(),
  })
  .meta({ id: 'ProjectJoinRequest' })
export type ProjectJoinRequest = z.infer<typeof ProjectJoinRequest>
export type ProjectJoinRequestStatus = ProjectJoinRequest['status']

const params = z.strictObject({ id })
const one = z.strictObject({ id, requestId: id })
const example = { params: { id: '$openProject', requestId: '$projectJoinRequest' } }

export const list = route({
  method: 'GET',
  path: '/api/projects/{id}/join-requests',
  summary: 'Who asked to join, newest first; for who is no admin of the project, their own',
  access: 'scoped',
  params,
  query: z.strictObject({ status: Status.optional(), ...paging }),
  response: page(ProjectJoinRequest),
  example: { params: { id: '$project' } },
})

export const create = route({
  method: 'POST',
  path: '/api/projects/{id}/join-requests',
  summary: 'Ask to join a project that is open to my workspace; one request at a time',
  access: 'scoped',
  idempotent: true,
  params,
  body: z.strictObject({ message: text(500).default('') }),
  status: 201,
  response: ProjectJoinRequest,
  example: { params: { id: '$projectToJoin' }, body: { message: 'May I have some tea?' } },
})

export const decide = route({
  method: 'PATCH',
  path: '/api/projects/{id}/join-requests/{requestId}',
  summary: 'Approve, with a role, or reject, once; the project’s admins may',
  access: 'scoped',
  params: one,
  /** `role` is what an approval makes of them. */
  body: z.strictObject({ status: z.enum(['approved', 'rejected']), role: GrantedProjectRole.default('member') }),
  response: ProjectJoinRequest,
  example: { ...example, body: { status: 'approved' } },
})

export const withdraw = route({
  method: 'DELETE',
  path: '/api/projects/{id}/join-requests/{requestId}',
  summary: 'Take back my request while nobody has decided',
  access: 'scoped',
  params: one,
  status: 204,
  example,
})
