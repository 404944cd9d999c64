import * as z from 'zod'
import { email, id, time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'
import { GrantedRole, Workspace } from './workspaces.ts'

/** `expired`: the time is over, or who made it may not invite to that role any more. */
export const InvitationStatus = z.enum(['pending', 'accepted', 'declined', 'expired'])

export const Invitation = z
  .strictObject({
    id,
    workspaceId: id,
    email: z.string(),
    role: GrantedRole,
    status: InvitationStatus,
    invitedBy: id,
    createdAt: time,
    expiresAt: time,
  })
  .meta({ id: 'Invitation' })
export type Invitation = z.infer<typeof Invitation>

/** The answer to making one: the only time that the link and its token are shown. */
export const NewInvitation = Invitation.extend({ token: z.string(), link: z.string() }).meta({ id: 'NewInvitation' })
export type NewInvitation = z.infer<typeof NewInvitation>

/** What the holder of a link sees before they decide. */
export const InvitationCard = z
  .strictObject({
    workspaceName: z.string(),
    email: z.string(),
    role: GrantedRole,
    invitedByName: z.string(),
    status: InvitationStatus,
    expiresAt: time,
  })
  .meta({ id: 'InvitationCard' })
export type InvitationCard = z.infer<typeof InvitationCard>

const params = z.strictObject({ id })
const byToken = z.strictObject({ token: z.string().regex(/^[\w-]{43}$/) })

export const list = route({
  method: 'GET',
  path: '/api/workspaces/{id}/invitations',
  summary: 'Invitations of a workspace, newest first; for its admins',
  access: 'scoped',
  params,
  query: z.strictObject({ status: InvitationStatus.optional(), ...paging }),
  response: page(Invitation),
  example: { params: { id: '$workspace' } },
})

export const create = route({
  method: 'POST',
  path: '/api/workspaces/{id}/invitations',
  summary: 'Invite an address, with or without an account: a link that works once, for 7 days. Replaces a pending one',
  access: 'scoped',
  params,
  body: z.strictObject({ email, role: GrantedRole.default('member') }),
  status: 201,
  response: NewInvitation,
  example: { params: { id: '$workspace' }, body: { email: 'hatter@example.com', role: 'member' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/workspaces/{id}/invitations/{invitationId}',
  summary: 'Take an invitation back',
  access: 'scoped',
  params: z.strictObject({ id, invitationId: id }),
  status: 204,
  example: { params: { id: '$workspace', invitationId: '$invitation' } },
})

export const show = route({
  method: 'GET',
  path: '/api/invitations/{token}',
  summary: 'What an invitation is to, for who has its link',
  access: 'public',
  params: byToken,
  response: InvitationCard,
  example: { params: { token: '$invitationToken' } },
})

export const accept = route({
  method: 'POST',
  path: '/api/invitations/{token}/accept',
  summary: 'Accept an invitation to my address',
  access: 'scoped',
  params: byToken,
  response: Workspace,
  example: { params: { token: '$invitationToken' } },
})

export const decline = route({
  method: 'POST',
  path: '/api/invitations/{token}/decline',
  summary: 'Decline an invitation to my address',
  access: 'scoped',
  params: byToken,
  status: 204,
  example: { params: { token: '$invitationToken' } },
})
