import * as z from 'zod'
import { email, id, seq, text, time } from '../fields.ts'
import { route } from '../route.ts'
import { WorkspaceRole } from './workspaces.ts'

export const PlatformRole = z.enum(['user', 'viewer', 'operator', 'admin'])
export const Status = z.enum(['active', 'inactive', 'suspended'])

/** A person as auth signs them in: only `active` ones may have a session. */
export const Standing = z
  .strictObject({ id, email: z.string(), name: z.string(), role: PlatformRole, status: Status })
  .meta({ id: 'Standing' })
export type Standing = z.infer<typeof Standing>

export const verify = route({
  method: 'POST',
  path: '/internal/credentials/verify',
  summary: 'Whose e-mail address and password these are; null for nobody’s, in the same time',
  access: 'internal',
  body: z.strictObject({ email, password: text(128) }),
  response: z.strictObject({ user: Standing.nullable() }),
  example: { body: { email: '$email', password: '$password' } },
})

export const identities = route({
  method: 'POST',
  path: '/internal/identities',
  summary: 'The person of an identity provider’s subject; made, or linked by a verified address, where there is none',
  access: 'internal',
  body: z.strictObject({
    provider: z.enum(['google']),
    subject: text(255, 1),
    email,
    emailVerified: z.boolean(),
    // Cleaned by auth: nobody is kept out by what a provider calls them.
    name: text(100, 1),
  }),
  response: z.strictObject({ user: Standing, created: z.boolean() }),
  example: {
    body: { provider: 'google', subject: '1001', email: 'dinah@example.com', emailVerified: true, name: 'Dinah' },
  },
})

export const standing = route({
  method: 'GET',
  path: '/internal/users/{id}',
  summary: 'A person’s standing now; 404 for who is deleted',
  access: 'internal',
  params: z.strictObject({ id }),
  response: Standing,
  example: { params: { id: '$user' } },
})

/** A person's role in a workspace. `version` grows with every change of the workspace's members; 0 for no such workspace. */
export const Membership = z
  .strictObject({ role: WorkspaceRole.nullable(), version: z.int().min(0) })
  .meta({ id: 'Membership' })
export type Membership = z.infer<typeof Membership>

export const membership = route({
  method: 'GET',
  path: '/internal/workspaces/{id}/members/{userId}',
  summary: 'Whether a person is in a workspace, and as what',
  access: 'internal',
  params: z.strictObject({ id, userId: id }),
  response: Membership,
  example: { params: { id: '$workspace', userId: '$user' } },
})

export const memberships = route({
  method: 'POST',
  path: '/internal/workspaces/{id}/members/lookup',
  summary: 'Which of some people are in a workspace, and as what',
  access: 'internal',
  params: z.strictObject({ id }),
  body: z.strictObject({ ids: z.array(id).min(1).max(200) }),
  /** Those who are not in it are missing. `version` as in Membership. */
  response: z.strictObject({
    items: z.array(z.strictObject({ userId: id, role: WorkspaceRole })),
    version: z.int().min(0),
  }),
  example: { params: { id: '$workspace' }, body: { ids: ['$user'] } },
})

export const lookup = route({
  method: 'POST',
  path: '/internal/users/lookup',
  summary: 'Names and avatars by id; people who are deleted keep their name here',
  access: 'internal',
  body: z.strictObject({ ids: z.array(id).min(1).max(200) }),
  response: z.strictObject({
    items: z.array(z.strictObject({ id, name: z.string(), avatarUrl: z.string().nullable() })),
  }),
  example: { body: { ids: ['$user'] } },
})

const event = <T extends string, P extends z.ZodType>(type: T, payload: P) =>
  z.strictObject({ seq, type: z.literal(type), payload, timestamp: time })

/**
 * What happened to people and workspaces, that other services must follow. `member.changed` has the role as it then
 * was, null for who left; the memberships of a deleted workspace have no events of their own.
 */
export const DirectoryEvent = z
  .discriminatedUnion('type', [
    event('workspace.deleted', z.strictObject({ workspaceId: id })),
    event(
      'member.changed',
      z.strictObject({ workspaceId: id, userId: id, role: WorkspaceRole.nullable(), version: z.int() }),
    ),
    event('person.deleted', z.strictObject({ userId: id })),
  ])
  .meta({ id: 'DirectoryEvent' })
export type DirectoryEvent = z.infer<typeof DirectoryEvent>

export const directory = route({
  method: 'GET',
  path: '/internal/directory',
  summary: 'The log of people and workspaces after a sequence: dense, in order. It is kept for good',
  access: 'internal',
  query: z.strictObject({
    after: z.coerce.number<number>().int().min(0).default(0),
    limit: z.coerce.number<number>().int().min(1).max(500).default(200),
  }),
  response: z.strictObject({ items: z.array(DirectoryEvent), head: seq }),
  example: {},
})
