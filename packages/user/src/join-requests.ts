import type { JoinRequestStatus } from '@wealist/contract/user/join-requests'
import { alreadyExists, conflict, notFound } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { PageRequest } from '@wealist/kit/page'
import type * as z from 'zod'
import { enter, needInviter, pageFor } from './access.ts'
import type { Ctx } from './deps.ts'
import { telling } from './directory.ts'
import * as requests from './join-requests.sql.ts'
import { join } from './members.ts'
import * as users from './users.sql.ts'

export const list = (
  ctx: Ctx,
  asked: { workspaceId: string; status: z.infer<typeof JoinRequestStatus> | undefined; page: PageRequest },
) =>
  pageFor(
    ctx,
    { workspaceId: asked.workspaceId, least: 'admin' },
    requests.list(ctx.db, ctx.settings.assets, { ...asked, viewer: ctx.actor.id }),
  )

export const create = (ctx: Ctx, workspaceId: string, message: string | null) =>
  telling(ctx, async (tx, tell) => {
    const userId = ctx.actor.id
    if (!(await users.hold(tx, { id: userId }))) throw notFound('Your account')
    const { workspace, role } = await enter(tx, { workspaceId, userId })
    if (role) throw alreadyExists('You are in this workspace already.')
    if (!workspace.isPublic) throw notFound('This workspace')
    const id = newId()
    if (!(await requests.insert(tx, { id, workspaceId, userId, message })))
      throw alreadyExists('You asked already, and nobody has decided yet.')
    // Joining settles the request that was just made.
    if (!workspace.requiresApproval) await join(tx, tell, { workspaceId, userId, role: 'member', by: null })
    return (await requests.get(tx, ctx.settings.assets, id))!
  })

export const decide = (
  ctx: Ctx,
  { workspaceId, id, status }: { workspaceId: string; id: string; status: 'approved' | 'rejected' },
) =>
  telling(ctx, async (tx, tell) => {
    const userId = await requests.asker(tx, { id, workspaceId })
    const person = userId && (await users.hold(tx, { id: userId }))
    const { workspace, role } = await enter(tx, { workspaceId, userId: ctx.actor.id })
    needInviter(role, workspace)
    if (!person) throw notFound('This request')
    if (!(await requests.decide(tx, { id, status, by: ctx.actor.id })))
      throw conflict('This request was decided before.')
    if (status === 'approved') await join(tx, tell, { workspaceId, userId, role: 'member', by: ctx.actor.id })
    return requests.get(tx, ctx.settings.assets, id)
  })
