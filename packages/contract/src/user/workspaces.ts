import * as z from 'zod'
import { id, name, text, time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'

/** Exactly one owner a workspace. Admins run it; the owner alone makes admins, hands it over and deletes it. */
export const WorkspaceRole = z.enum(['owner', 'admin', 'member']).meta({ id: 'WorkspaceRole' })
export type WorkspaceRole = z.infer<typeof WorkspaceRole>
/** A role that can be given; ownership is transferred. */
export const GrantedRole = z.enum(['admin', 'member'])
export type GrantedRole = z.infer<typeof GrantedRole>

export const Workspace = z
  .strictObject({
    id,
    name: z.string(),
    description: z.string().nullable(),
    isPublic: z.boolean(),
    requiresApproval: z.boolean(),
    onlyOwnerCanInvite: z.boolean(),
    ownerId: id,
    memberCount: z.int(),
    /** The asker's. */
    role: WorkspaceRole,
    version: z.int(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Workspace' })
export type Workspace = z.infer<typeof Workspace>

/** What anybody who is signed in sees of a public workspace. */
export const PublicWorkspace = z
  .strictObject({
    id,
    name: z.string(),
    description: z.string().nullable(),
    requiresApproval: z.boolean(),
    memberCount: z.int(),
    /** The asker's role; null for who is not in it. */
    role: WorkspaceRole.nullable(),
    /** The asker has a request to join that nobody has decided yet. */
    requested: z.boolean(),
  })
  .meta({ id: 'PublicWorkspace' })
export type PublicWorkspace = z.infer<typeof PublicWorkspace>

export const NewWorkspace = z.strictObject({
  name: name(100),
  description: text(500).nullable().default(null),
  /** Found by `discover`; anybody may ask to join. */
  isPublic: z.boolean().default(false),
  /** Who asks to join waits for an admin's word; without, they are in at once. */
  requiresApproval: z.boolean().default(true),
  /** Admins may not add or invite people, decide on requests, or let everybody in without approval. */
  onlyOwnerCanInvite: z.boolean().default(false),
})
export type NewWorkspace = z.infer<typeof NewWorkspace>

export const WorkspaceChange = z.strictObject({
  name: name(100).optional(),
  description: text(500).nullable().optional(),
  isPublic: z.boolean().optional(),
  requiresApproval: z.boolean().optional(),
  onlyOwnerCanInvite: z.boolean().optional(),
})
export type WorkspaceChange = z.infer<typeof WorkspaceChange>

const params = z.strictObject({ id })
const example = { params: { id: '$workspace' } }

export const list = route({
  method: 'GET',
  path: '/api/workspaces',
  summary: 'The workspaces I am in, by name',
  access: 'self',
  query: z.strictObject(paging),
  response: page(Workspace),
  example: {},
})

export const create = route({
  method: 'POST',
  path: '/api/workspaces',
  summary: 'Make a workspace and own it',
  access: 'self',
  idempotent: true,
  versioned: true,
  body: NewWorkspace,
  status: 201,
  response: Workspace,
  example: { body: { name: 'Wonderland' } },
})

export const discover = route({
  method: 'GET',
  path: '/api/workspaces/discover',
  summary: 'Public workspaces whose name contains `q`, by name',
  access: 'self',
  query: z.strictObject({ q: text(100).default(''), ...paging }),
  response: page(PublicWorkspace),
  example: { query: { q: 'wonder' } },
})

export const get = route({
  method: 'GET',
  path: '/api/workspaces/{id}',
  summary: 'A workspace I am in',
  access: 'scoped',
  versioned: true,
  params,
  response: Workspace,
  example,
})

export const update = route({
  method: 'PATCH',
  path: '/api/workspaces/{id}',
  summary: 'Change a workspace; its admins may. `onlyOwnerCanInvite` is the owner’s to change',
  access: 'scoped',
  versioned: true,
  params,
  body: WorkspaceChange,
  response: Workspace,
  example: { ...example, body: { description: 'We are all mad here' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/workspaces/{id}',
  summary: 'Delete a workspace with its projects, rooms and files; its owner may',
  access: 'scoped',
  params,
  status: 204,
  example,
})

export const transfer = route({
  method: 'POST',
  path: '/api/workspaces/{id}/transfer',
  summary: 'Hand a workspace over to another member; the owner becomes an admin',
  access: 'scoped',
  versioned: true,
  params,
  body: z.strictObject({ userId: id }),
  response: Workspace,
  example: { ...example, body: { userId: '$member' } },
})
