import type { GrantedRole } from '@wealist/contract/user/workspaces'
import { alreadyExists, conflict, forbidden, notFound } from '@wealist/kit/errors'
import type { PageRequest } from '@wealist/kit/page'
import type { Tx } from '@wealist/kit/tx'
import { enter, need, needGranter, needInviter, pageFor } from './access.ts'
import type { Ctx } from './deps.ts'
import { type Tell, telling } from './directory.ts'
import * as members from './members.sql.ts'
import type { RoleGiven } from './notices.ts'
import * as users from './users.sql.ts'
import * as workspaces from './workspaces.sql.ts'

export const list = (ctx: Ctx, { workspaceId, q, page }: { workspaceId: string; q: string; page: PageRequest }) =>
  pageFor(
    ctx,
    { workspaceId, least: 'member' },
    members.list(ctx.db, ctx.settings.assets, { workspaceId, viewer: ctx.actor.id, q, page }),
  )

/** A held person into a locked workspace; 409 where they are in it. */
export const join = async (
  tx: Tx,
  tell: Tell,
  who: { workspaceId: string; userId: string; role: GrantedRole; by: string | null },
) => {
  const version = await members.insert(tx, who)
  if (version === undefined) throw alreadyExists('This person is in the workspace already.')
  tell.member({ workspaceId: who.workspaceId, userId: who.userId, role: who.role, version })
  return version
}

export const add = (ctx: Ctx, workspaceId: string, { email, role }: { email: string; role: GrantedRole }) =>
  telling(ctx, async (tx, tell) => {
    const person = await users.hold(tx, { email })
    const { workspace, role: held } = await enter(tx, { workspaceId, userId: ctx.actor.id })
    needGranter(needInviter(held, workspace), role)
    if (!person) throw notFound('An account with this e-mail address')
    const who = { workspaceId, userId: person.id, role }
    const version = await join(tx, tell, { ...who, by: ctx.actor.id })
    tx.addJob('noti.role', { ...who, actorId: ctx.actor.id, version, added: true } satisfies RoleGiven)
    return (await members.get(tx, ctx.settings.assets, { workspaceId, userId: person.id }))!
  })

interface Which {
  workspaceId: string
  userId: string
}

export const update = (ctx: Ctx, { workspaceId, userId }: Which, role: GrantedRole) =>
  telling(ctx, async (tx, tell) => {
    const { role: held } = await enter(tx, { workspaceId, userId: ctx.actor.id })
    need(held, 'owner')
    const was = await workspaces.roleOf(tx, { workspaceId, userId })
    if (!was) throw notFound('This member')
    if (was === 'owner') throw conflict('The owner stays one until the workspace is handed over.')
    if (was !== role) {
      const change = { workspaceId, userId, role, version: await members.update(tx, { workspaceId, userId, role }) }
      tell.member(change)
      tx.addJob('noti.role', { ...change, actorId: ctx.actor.id, added: false } satisfies RoleGiven)
    }
    return members.get(tx, ctx.settings.assets, { workspaceId, userId })
  })

export const remove = (ctx: Ctx, { workspaceId, userId }: Which) =>
  telling(ctx, async (tx, tell) => {
    const { role } = await enter(tx, { workspaceId, userId: ctx.actor.id })
    const held = need(role, 'member')
    const leaving = userId === ctx.actor.id
    const was = leaving ? held : await workspaces.roleOf(tx, { workspaceId, userId })
    if (leaving && held === 'owner') throw conflict('Hand the workspace over first, or delete it.')
    if (!leaving) need(held, 'admin')
    if (!was) throw notFound('This member')
    if (!leaving && was !== 'member' && held !== 'owner') throw forbidden('Only the owner may remove an admin.')
    tell.member({ workspaceId, userId, role: null, version: await members.remove(tx, { workspaceId, userId }) })
    return undefined
  })
