import * as z from 'zod'
import { id, name, text, time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'

export const PlatformRole = z.enum(['user', 'viewer', 'operator', 'admin'])
export type PlatformRole = z.infer<typeof PlatformRole>

/** `suspended` and `inactive` may not sign in; whoever is signed in stops being it within a second. */
export const PersonStatus = z.enum(['active', 'inactive', 'suspended'])
export type PersonStatus = z.infer<typeof PersonStatus>

/** A person as operators see them. */
export const Person = z
  .strictObject({
    id,
    email: z.string(),
    name: z.string(),
    role: PlatformRole,
    status: PersonStatus,
    emailVerified: z.boolean(),
    workspaces: z.int().min(0),
    version: z.int(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Person' })
export type Person = z.infer<typeof Person>

const params = z.strictObject({ id })
/** Why, for the audit log. */
const reason = text(500).trim().min(1)

export const list = route({
  method: 'GET',
  path: '/api/admin/users',
  summary: 'People, newest first; `q` is part of a name or of an e-mail address',
  access: 'role',
  role: 'viewer',
  query: z.strictObject({
    q: text(100).optional(),
    role: PlatformRole.optional(),
    status: PersonStatus.optional(),
    ...paging,
  }),
  response: page(Person),
  example: { query: { q: 'alice' } },
})

export const get = route({
  method: 'GET',
  path: '/api/admin/users/{id}',
  summary: 'A person',
  access: 'role',
  role: 'viewer',
  params,
  versioned: true,
  response: Person,
  example: { params: { id: '$member' } },
})

export const update = route({
  method: 'PATCH',
  path: '/api/admin/users/{id}',
  summary: 'Rename a person',
  access: 'role',
  role: 'admin',
  params,
  body: z.strictObject({ name: name().optional() }),
  versioned: true,
  response: Person,
  example: { params: { id: '$member' }, body: { name: 'Robert' } },
})

export const setStatus = route({
  method: 'PUT',
  path: '/api/admin/users/{id}/status',
  summary: 'Suspend or reactivate a person, never oneself: takes effect everywhere within a second',
  access: 'role',
  role: 'admin',
  params,
  body: z.strictObject({ status: PersonStatus, reason }),
  response: Person,
  example: { params: { id: '$member' }, body: { status: 'active', reason: 'It was a mistake' } },
})

export const setRole = route({
  method: 'PUT',
  path: '/api/admin/users/{id}/role',
  summary: 'Change a person’s platform role, never one’s own: takes effect everywhere within a second',
  access: 'role',
  role: 'admin',
  params,
  body: z.strictObject({ role: PlatformRole, reason }),
  response: Person,
  example: { params: { id: '$member' }, body: { role: 'user', reason: 'Left the operators' } },
})
