import type { Standing } from '@wealist/contract/user/internal'
import type { Peer, Person } from '@wealist/kit/actor'
import { conflict, invalid, notFound } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { Ctx } from './deps.ts'
import * as sessions from './sessions.ts'
import * as users from './users.sql.ts'

/** Whose address and password these are. For nobody's it takes as long, so that time tells nothing either. */
export const verify = async (
  ctx: Ctx<Peer>,
  { email, password }: { email: string; password: string },
): Promise<{ user: Standing | null }> => {
  const found = await users.credentials(ctx.db, { email })
  const { ok, rehash } = await ctx.passwords.verify(found?.passwordHash, password)
  if (!ok || !found) return { user: null }
  const { passwordHash: was, ...user } = found
  // Where it is turned away for too many, another sign-in makes it anew.
  const hash = rehash ? await ctx.passwords.hash(password).catch(() => undefined) : undefined
  if (hash) await users.setPassword(ctx.db, { id: user.id, was, hash })
  return { user }
}

/** A new password for the actor, who shows the one they have; ends all their sessions. */
export const setPassword = async (
  ctx: Ctx<Person>,
  { currentPassword, newPassword }: { currentPassword?: string | undefined; newPassword: string },
) => {
  const { id } = ctx.actor
  const found = await users.credentials(ctx.db, { id })
  if (!found) throw notFound('Your account')
  const was = found.passwordHash
  if (was !== null && !(await ctx.passwords.verify(was, currentPassword ?? '')).ok)
    throw invalid([{ path: 'currentPassword', message: 'is not your password' }])
  const hash = await ctx.passwords.hash(newPassword)
  const whose = { userId: id, block: false, once: newId() }
  await ctx.tx(async (tx) => {
    if (!(await users.setPassword(tx, { id, was, hash }))) throw conflict('Your password was changed meanwhile.')
    tx.addJob('sessions.end', whose)
    return undefined
  })
  // Before the answer: who signs in with the new password from here on stays signed in, whenever the job comes.
  await sessions.endNow(ctx, whose)
  return undefined
}
