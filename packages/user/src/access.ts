import type { WorkspaceRole } from '@wealist/contract/user/workspaces'
import { forbidden, notFound } from '@wealist/kit/errors'
import type { Json } from '@wealist/kit/json'
import type { Tx } from '@wealist/kit/tx'
import type { Ctx } from './deps.ts'
import * as workspaces from './workspaces.sql.ts'

const ranks: Record<WorkspaceRole, number> = { member: 0, admin: 1, owner: 2 }

/** 404 for who is not in the workspace, 403 for who is and may not. */
export const need = (role: WorkspaceRole | null | undefined, least: WorkspaceRole): WorkspaceRole => {
  if (!role) throw notFound('This workspace')
  if (ranks[role] < ranks[least])
    throw forbidden(least === 'owner' ? 'Only the owner may do this.' : 'Only the owner and admins may do this.')
  return role
}

/**
 * Who brings people in: admins too, unless the workspace keeps that to its owner. An invitation holds by the same rule
 * and the next one (invitations.sql.ts).
 */
export const needInviter = (role: WorkspaceRole | null | undefined, workspace: { onlyOwnerCanInvite: boolean }) =>
  need(role, workspace.onlyOwnerCanInvite ? 'owner' : 'admin')

/** Only the owner makes admins: otherwise one admin could pack the house. */
export const needGranter = (role: WorkspaceRole, granted: 'admin' | 'member') => {
  if (granted === 'admin') need(role, 'owner')
}

/**
 * Locks the workspace and reads the actor's role in it. Every change of its members takes the same lock, so the role
 * holds until the end of the transaction.
 */
export const enter = async (tx: Tx, { workspaceId, userId }: { workspaceId: string; userId: string }) => {
  const { workspace, role } = await workspaces.lock(tx, { workspaceId, userId })
  if (!workspace) throw notFound('This workspace')
  return { workspace, role }
}

/**
 * A page whose statement already asked for the right. Only an empty one says too little: whether there is nothing, or
 * nothing for the actor.
 */
export const pageFor = async <P>(
  ctx: Ctx,
  { workspaceId, least }: { workspaceId: string; least: WorkspaceRole },
  page: Promise<Json<P>>,
): Promise<Json<P>> => {
  const answer = await page
  if (answer.text.startsWith('{"items":[]'))
    need(await workspaces.roleOf(ctx.db, { workspaceId, userId: ctx.actor.id }), least)
  return answer
}
