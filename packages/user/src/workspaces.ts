import type { NewWorkspace, WorkspaceChange } from '@wealist/contract/user/workspaces'
import { conflict, forbidden, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { PageRequest } from '@wealist/kit/page'
import { enter, need } from './access.ts'
import type { Ctx } from './deps.ts'
import { telling } from './directory.ts'
import type { RoleGiven } from './notices.ts'
import * as users from './users.sql.ts'
import * as workspaces from './workspaces.sql.ts'

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
    if (change.onlyOwnerCanInvite !== undefined && role !== 'owner')
      throw forbidden('Only the owner decides who may invite.')
    if (ctx.request.ifMatch !== undefined && ctx.request.ifMatch !== workspace.version) throw stale()
    return workspaces.update(tx, { id: workspaceId, role, change })
  })

export const remove = (ctx: Ctx, workspaceId: string) =>
  telling(ctx, async (tx, tell) => {
    const { role } = await enter(tx, { workspaceId, userId: ctx.actor.id })
    need(role, 'owner')
    for (const gone of await workspaces.remove(tx, [workspaceId])) tell.workspaceDeleted(gone)
    return undefined
  })

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
