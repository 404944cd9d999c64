import { createHash, randomBytes } from 'node:crypto'
import type { InvitationStatus, NewInvitation } from '@wealist/contract/user/invitations'
import type { GrantedRole } from '@wealist/contract/user/workspaces'
import { alreadyExists, conflict, forbidden, notFound } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { PageRequest } from '@wealist/kit/page'
import type { Tx } from '@wealist/kit/tx'
import type * as z from 'zod'
import { enter, needGranter, needInviter, pageFor } from './access.ts'
import type { Ctx } from './deps.ts'
import { telling } from './directory.ts'
import * as invitations from './invitations.sql.ts'
import { join } from './members.ts'
import * as users from './users.sql.ts'
import * as workspaces from './workspaces.sql.ts'

const hashOf = (token: string) => createHash('sha256').update(token).digest()

export const list = (
  ctx: Ctx,
  asked: { workspaceId: string; status: z.infer<typeof InvitationStatus> | undefined; page: PageRequest },
) =>
  pageFor(
    ctx,
    { workspaceId: asked.workspaceId, least: 'admin' },
    invitations.list(ctx.db, { ...asked, viewer: ctx.actor.id }),
  )

export const create = async (ctx: Ctx, workspaceId: string, { email, role }: { email: string; role: GrantedRole }) => {
  const token = randomBytes(32).toString('base64url')
  const made = await ctx.tx(async (tx) => {
    const { workspace, role: held } = await enter(tx, { workspaceId, userId: ctx.actor.id })
    needGranter(needInviter(held, workspace), role)
    if (await invitations.isMember(tx, { workspaceId, email }))
      throw alreadyExists('This person is in the workspace already.')
    const invitation = { id: newId(), workspaceId, email, role, tokenHash: hashOf(token), invitedBy: ctx.actor.id }
    tx.addJob('noti.invited', { invitationId: invitation.id })
    return (await invitations.put(tx, invitation))!
  })
  const link = `${ctx.settings.app}/invitations/${token}`
  return { ...made.parse(), token, link } satisfies NewInvitation
}

export const remove = (ctx: Ctx, { workspaceId, id }: { workspaceId: string; id: string }) =>
  ctx.tx(async (tx) => {
    const { workspace, role } = await enter(tx, { workspaceId, userId: ctx.actor.id })
    needInviter(role, workspace)
    const was = await invitations.remove(tx, { id, workspaceId })
    if (!was) throw notFound('This invitation')
    if (was !== 'pending') throw conflict(`This invitation was ${was} already.`)
    return undefined
  })

export const show = (ctx: Pick<Ctx, 'db'>, token: string) => invitations.card(ctx.db, hashOf(token))

export const accept = (ctx: Ctx, token: string) =>
  telling(ctx, async (tx, tell) => {
    const { workspaceId, role, invitedBy } = await addressed(ctx, tx, token)
    await enter(tx, { workspaceId, userId: ctx.actor.id })
    await use(tx, token, 'accepted')
    await join(tx, tell, { workspaceId, userId: ctx.actor.id, role, by: invitedBy })
    return workspaces.get(tx, { workspaceId, userId: ctx.actor.id })
  })

export const decline = (ctx: Ctx, token: string) =>
  ctx.tx(async (tx) => {
    await addressed(ctx, tx, token)
    await use(tx, token, 'declined')
    return undefined
  })

// Who has the link is not yet who was invited: links are forwarded and leak.
const addressed = async (ctx: Ctx, tx: Tx, token: string) => {
  const person = await users.hold(tx, { id: ctx.actor.id })
  const invitation = await invitations.byToken(tx, hashOf(token))
  if (!person || !invitation) throw notFound('This invitation')
  if (invitation.email !== person.email) throw forbidden('This invitation is for another e-mail address.')
  return invitation
}

const use = async (tx: Tx, token: string, status: 'accepted' | 'declined') => {
  if (!(await invitations.decide(tx, { tokenHash: hashOf(token), status })))
    throw conflict('This invitation was used before, or does not hold any more. Ask for a new one.')
}
