import type { NewUser } from '@wealist/contract/user/users'
import type { Anonymous, Peer, Person } from '@wealist/kit/actor'
import { alreadyExists } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { Ctx } from './deps.ts'
import * as users from './users.sql.ts'

export const create = async (ctx: Ctx<Person | Anonymous>, { email, name, password }: NewUser) => {
  const passwordHash = await ctx.passwords.hash(password)
  const verified = ctx.settings.signUpProves
  const admin = isAdmin(ctx, { email, verified })
  return ctx.tx(async (tx) => {
    const id = newId()
    const made = await users.insert(tx, ctx.settings.assets, { id, email, name, passwordHash, verified })
    if (!made) throw alreadyExists('There is an account with this e-mail address already.')
    if (admin) await users.appoint(tx, id)
    return made
  })
}

/** A platform admin is named by configuration, and by an address that is proved: whoever signs up first is nobody. */
export const isAdmin = (
  { settings }: Pick<Ctx, 'settings'>,
  { email, verified }: { email: string; verified: boolean },
) => verified && settings.admins.has(email)

export const me = (ctx: Ctx) => users.get(ctx.db, ctx.settings.assets, ctx.actor.id)

export const updateMe = (ctx: Ctx, { name }: { name?: string | undefined }) =>
  ctx.tx((tx) => users.rename(tx, ctx.settings.assets, { id: ctx.actor.id, name }))

export const get = (ctx: Ctx, id: string) => users.seen(ctx.db, ctx.settings.assets, { viewer: ctx.actor.id, id })

export const list = (ctx: Ctx, ids: string[]) =>
  users.allSeen(ctx.db, ctx.settings.assets, { viewer: ctx.actor.id, ids })

export const standing = (ctx: Ctx<Peer>, id: string) => users.getStanding(ctx.db, id)

export const lookup = async (ctx: Ctx<Peer>, ids: string[]) => ({
  items: await users.lookup(ctx.db, ctx.settings.assets, ids),
})
