import * as z from 'zod'
import { email, id, text, time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'
import { GrantedRole, WorkspaceRole } from './workspaces.ts'

export const Member = z
  .strictObject({
    userId: id,
    name: z.string(),
    email: z.string(),
    avatarUrl: z.string().nullable(),
    role: WorkspaceRole,
    joinedAt: time,
  })
  .meta({ id: 'Member' })
export type Member = z.infer<typeof Member>

const params = z.strictObject({ id, userId: id })
const example = { params: { id: '$workspace', userId: '$member' } }

export const list = route({
  method: 'GET',
  path: '/api/workspaces/{id}/members',
  summary: 'Who is in a workspace, longest first; `q` is part of a name or an e-mail address',
  access: 'scoped',
  params: z.strictObject({ id }),
  query: z.strictObject({ q: text(100).default(''), ...paging }),
  response: page(Member),
  example: { params: { id: '$workspace' } },
})

export const add = route({
  method: 'POST',
  path: '/api/workspaces/{id}/members',
  summary: 'Add an existing account; only the owner may make admins',
  access: 'scoped',
  idempotent: true,
  params: z.strictObject({ id }),
  body: z.strictObject({ email, role: GrantedRole.default('member') }),
  status: 201,
  response: Member,
  example: { params: { id: '$workspace' }, body: { email: '$outsiderEmail', role: 'member' } },
})

export const update = route({
  method: 'PATCH',
  path: '/api/workspaces/{id}/members/{userId}',
  summary: 'Change a member’s role; the owner may',
  access: 'scoped',
  params,
  body: z.strictObject({ role: GrantedRole }),
  response: Member,
  example: { ...example, body: { role: 'admin' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/workspaces/{id}/members/{userId}',
  summary: 'Remove a member (admins members, the owner anybody), or leave; the owner hands over first',
  access: 'scoped',
  params,
  status: 204,
  example,
})
