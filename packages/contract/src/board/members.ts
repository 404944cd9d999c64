import * as z from 'zod'
import { id, time } from '../fields.ts'
import { livePage, paging } from '../page.ts'
import { route } from '../route.ts'
import { ProjectRole } from './projects.ts'

/** A person of a project. Names are user-service's: `GET /api/users?ids=`. */
export const ProjectMember = z
  .strictObject({ projectId: id, userId: id, role: ProjectRole, joinedAt: time })
  .meta({ id: 'ProjectMember' })
export type ProjectMember = z.infer<typeof ProjectMember>

/** A role that can be given; a project has one owner, who made it or was given it. */
export const GrantedProjectRole = z.enum(['admin', 'member', 'viewer'])

const params = z.strictObject({ id })
const one = z.strictObject({ id, userId: id })

export const list = route({
  method: 'GET',
  path: '/api/projects/{id}/members',
  summary: 'The people of a project, in the order they came',
  access: 'scoped',
  params,
  query: z.strictObject(paging),
  response: livePage(ProjectMember),
  example: { params: { id: '$project' } },
})

export const add = route({
  method: 'POST',
  path: '/api/projects/{id}/members',
  summary: 'Add somebody of the workspace to the project; its admins may',
  access: 'scoped',
  idempotent: true,
  params,
  body: z.strictObject({ userId: id, role: GrantedProjectRole.default('member') }),
  status: 201,
  response: ProjectMember,
  example: { params: { id: '$project' }, body: { userId: '$member', role: 'member' } },
})

export const update = route({
  method: 'PATCH',
  path: '/api/projects/{id}/members/{userId}',
  summary: 'Give a member another role; the project’s admins may',
  access: 'scoped',
  params: one,
  body: z.strictObject({ role: GrantedProjectRole }),
  response: ProjectMember,
  example: { params: { id: '$project', userId: '$member' }, body: { role: 'viewer' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/projects/{id}/members/{userId}',
  summary: 'Remove a member, or leave; the owner stays',
  access: 'scoped',
  params: one,
  status: 204,
  example: { params: { id: '$project', userId: '$member' } },
})

export const transfer = route({
  method: 'POST',
  path: '/api/projects/{id}/transfer',
  summary:
    'Give the project to one of its members and become an admin; its owner may. Where nobody owns it any more, owners and admins of the workspace may, also to themselves',
  access: 'scoped',
  params,
  body: z.strictObject({ userId: id }),
  response: ProjectMember,
  example: { params: { id: '$project' }, body: { userId: '$member' } },
})
