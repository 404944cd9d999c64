import type { NewWorkspace, WorkspaceChange } from '@wealist/contract/user/workspaces'
import { conflict, forbidden, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { PageRequest } from '@wealist/kit/page'
import type { Tx } from '@wealist/kit/tx'
import { enter, need } from './access.ts'
import type { Ctx } from './deps.ts'
import { type Tell, telling } from './directory.ts'
import type { RoleGiven } from './notices.ts'
import * as users from './users.sql.ts'
import * as workspaces from './workspaces.sql.ts'

/** Rows of each kind that one transaction drops: it has seconds, and a workspace may have a million members. */
const atOnce = 5000

export const list = (ctx: Ctx, page: PageRequest) => workspaces.mine(ctx.db, { userId: ctx.actor.id, page })

export const discover = (ctx: Ctx, q: string, page: PageRequest) =>
  workspaces.discover(ctx.db, { userId: ctx.actor.id, q, page })

export const get = (ctx: Ctx, workspaceId: string) => workspaces.get(ctx.db, { workspaceId, userId: ctx.actor.id })

export const create = (ctx: Ctx, input: NewWorkspace) =>
  telling(ctx, async (tx, tell) => {
    if (!(await users.hold(tx, { id: ctx.actor.id }))) throw notFound('Your account')
    const id = newId()
    tell.member({ workspaceId: id, userId: ctx.actor.id, role: 'owner', version: 1 })
    return workspaces.insert(tx, { ...input, id, ownerId: ctx.actor.id })
  })

export const update = (ctx: Ctx, workspaceId: string, change: WorkspaceChange) =>
  ctx.tx(async (tx) => {
    const { workspace, role: held } = await enter(tx, { workspaceId, userId: ctx.actor.id })
    const role = need(held, 'admin')
    const decides =
      change.onlyOwnerCanInvite !== undefined || (workspace.onlyOwnerCanInvite && opens(workspace, change))
    if (decides && role !== 'owner') throw forbidden('Only the owner decides who may invite.')
    if (ctx.request.ifMatch !== undefined && ctx.request.ifMatch !== workspace.version) throw stale()
    return workspaces.update(tx, { id: workspaceId, role, change })
  })

// Through an open door everybody comes in: who opens it has invited them.
const opens = (
  was: workspaces.Locked,
  { isPublic = was.isPublic, requiresApproval = was.requiresApproval }: WorkspaceChange,
) => isPublic && !requiresApproval && !(was.isPublic && !was.requiresApproval)

export const remove = (ctx: Ctx, workspaceId: string) =>
  telling(ctx, async (tx, tell) => {
    const { role } = await enter(tx, { workspaceId, userId: ctx.actor.id })
    need(role, 'owner')
    await end(tx, tell, [workspaceId])
    return undefined
  })

/** Ends locked workspaces: for everybody at once, and with all that is in them, the rest of which a job drops. */
export const end = async (tx: Tx, tell: Tell, ids: string[]) => {
  const [gone] = await Promise.all([workspaces.remove(tx, ids), drop(tx, ids)])
  for (const workspace of gone) tell.workspaceDeleted(workspace)
}

/** Drops some of what was in deleted workspaces, and leaves jobs for what is left. */
export const drop = async (tx: Tx, ids: string[]) => {
  const isAll = await workspaces.dropSome(tx, { ids, limit: atOnce })
  if (!isAll) for (const workspaceId of ids) tx.addJob('workspace.drop', { workspaceId })
}

export const transfer = (ctx: Ctx, workspaceId: string, to: string) =>
  telling(ctx, async (tx, tell) => {
    const from = ctx.actor.id
    const { workspace, role } = await enter(tx, { workspaceId, userId: from })
    need(role, 'owner')
    if (to === from) throw conflict('The workspace is yours already.')
    if (!(await workspaces.roleOf(tx, { workspaceId, userId: to }))) throw notFound('This member')
    if (ctx.request.ifMatch !== undefined && ctx.request.ifMatch !== workspace.version) throw stale()
    const version = await workspaces.transfer(tx, { id: workspaceId, from, to })
    tell.member({ workspaceId, userId: from, role: 'admin', version })
    const given = { workspaceId, userId: to, role: 'owner', version } as const
    tell.member(given)
    tx.addJob('noti.role', { ...given, actorId: from, added: false } satisfies RoleGiven)
    return workspaces.get(tx, { workspaceId, userId: from })
  })
