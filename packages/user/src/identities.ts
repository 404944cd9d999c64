import type { Standing } from '@wealist/contract/user/internal'
import type { Peer } from '@wealist/kit/actor'
import { alreadyExists, unavailable } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { Tx } from '@wealist/kit/tx'
import type { Ctx } from './deps.ts'
import * as identities from './identities.sql.ts'
import * as sessions from './sessions.ts'
import { isAdmin } from './users.ts'
import * as users from './users.sql.ts'

export interface Identity {
  provider: 'google'
  subject: string
  email: string
  emailVerified: boolean
  name: string
}

/**
 * The person behind a subject of an identity provider. A new subject is linked to the account that has its address if
 * the provider verified that, and no other subject is: an address may go to somebody else, a subject never does. An
 * account of an address that nobody had proved to own until then loses its password and its sessions, because whoever
 * signed up with it may have been somebody else.
 */
export const resolve = async (ctx: Ctx<Peer>, identity: Identity): Promise<{ user: Standing; created: boolean }> => {
  const known = await identities.bySubject(ctx.db, identity)
  if (known && !promotes(ctx, identity, known)) return { user: known, created: false }
  // Of two first sign-ins at once the second one gives way, and finds on its next look what the first one made. So does
  // one that finds an account which was not there when sessions were ended.
  for (let attempt = 1; attempt <= 3; attempt++) {
    const squatted = known ? undefined : await unproven(ctx, identity)
    const ends = squatted && { userId: squatted, block: false, once: newId() }
    if (ends) await ctx.revocations.revoke({ sub: ends.userId })
    const made = await ctx
      .tx(async (tx) => {
        if (ends) tx.addJob('sessions.end', ends)
        return once(ctx, tx, identity, squatted)
      })
      .catch((error: unknown) => (error === overtaken ? undefined : Promise.reject(error)))
    if (!made) continue
    // Once more, for who signed in with the old password between the first time and the commit.
    if (ends) await sessions.endNow(ctx, ends)
    return made
  }
  throw unavailable('Sign in again, please.')
}

const overtaken = new Error('somebody else was first')

const once = async (ctx: Ctx<Peer>, tx: Tx, identity: Identity, squatted: string | undefined) => {
  const { email, name, emailVerified: verified } = identity
  const admin = isAdmin(ctx, { email, verified })
  const known = await identities.bySubject(tx, identity)
  if (known) return { user: promotes(ctx, identity, known) ? await vouch(tx, known.id, admin) : known, created: false }
  const holder = await identities.byEmail(tx, identity)
  if (holder && !verified)
    throw alreadyExists('An account has this e-mail address, and Google has not verified that it is yours.')
  if (holder?.taken)
    throw alreadyExists(
      'Another Google account opens the account of this e-mail address: sign in with that one, or with the password.',
    )
  if (holder && !holder.verified && holder.id !== squatted) throw overtaken
  const id = holder?.id ?? newId()
  if (!holder && !(await users.insert(tx, '', { id, email, name, passwordHash: null, verified }))) throw overtaken
  const user = verified ? await vouch(tx, id, admin) : (await users.getStanding(tx, id))!
  if (!(await identities.insert(tx, { ...identity, userId: id }))) throw overtaken
  return { user, created: !holder }
}

const vouch = async (tx: Tx, userId: string, admin: boolean): Promise<Standing> => {
  const user = await identities.vouch(tx, userId)
  if (!user) throw overtaken
  return admin && (await users.appoint(tx, userId)) ? { ...user, role: 'admin' } : user
}

const promotes = (ctx: Ctx<Peer>, { email, emailVerified: verified }: Identity, user: Standing) =>
  user.role !== 'admin' && user.email === email && isAdmin(ctx, { email, verified })

const unproven = async (ctx: Ctx<Peer>, identity: Identity) => {
  if (!identity.emailVerified) return undefined
  const holder = await identities.byEmail(ctx.db, identity)
  return holder && !holder.verified ? holder.id : undefined
}
