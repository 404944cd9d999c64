import * as z from 'zod'
import { email, id, ids, name, text, time } from '../fields.ts'
import { page } from '../page.ts'
import { route } from '../route.ts'

/** A person as those see them who share a workspace with them. `avatarUrl` is public and unguessable. */
export const User = z
  .strictObject({
    id,
    email: z.string(),
    name: z.string(),
    avatarUrl: z.string().nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'User' })
export type User = z.infer<typeof User>

/** A new password: 8 to 128 characters, any of them (NIST SP 800-63B: length counts, composition rules do not). */
export const password = text(128, 8)

export const NewUser = z.strictObject({ email, name: name(), password })
export type NewUser = z.infer<typeof NewUser>

export const create = route({
  method: 'POST',
  path: '/api/users',
  summary: 'Sign up with an e-mail address and a password',
  access: 'public',
  limit: 'sign-in',
  body: NewUser,
  status: 201,
  response: User,
  example: { body: { email: 'carol@example.com', name: 'Carol', password: 'correct horse battery' } },
})

export const me = route({
  method: 'GET',
  path: '/api/users/me',
  summary: 'The person who asks',
  access: 'self',
  response: User,
  example: {},
})

export const updateMe = route({
  method: 'PATCH',
  path: '/api/users/me',
  summary: 'Change my name',
  access: 'self',
  body: z.strictObject({ name: name().optional() }),
  response: User,
  example: { body: { name: 'Alice Liddell' } },
})

export const setPassword = route({
  method: 'PUT',
  path: '/api/users/me/password',
  summary: 'Change my password; ends all my sessions, this one too. Who has one must show it',
  access: 'self',
  limit: 'sign-in',
  body: z.strictObject({ currentPassword: text(128).optional(), newPassword: password }),
  status: 204,
  example: { body: { currentPassword: '$password', newPassword: 'correct horse battery' } },
})

export const removeMe = route({
  method: 'DELETE',
  path: '/api/users/me',
  summary: 'Delete my account: ends sessions and memberships; 409 while I own a workspace that others are in',
  access: 'self',
  status: 204,
  example: {},
})

export const list = route({
  method: 'GET',
  path: '/api/users',
  summary: 'People by id, those of them whom one shares a workspace with',
  access: 'self',
  query: z.strictObject({ ids }),
  response: page(User),
  example: { query: { ids: '$user' } },
})

export const get = route({
  method: 'GET',
  path: '/api/users/{id}',
  summary: 'A person whom one shares a workspace with',
  access: 'scoped',
  params: z.strictObject({ id }),
  response: User,
  example: { params: { id: '$user' } },
})
