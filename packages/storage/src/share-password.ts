import type { Actor } from '@wealist/kit/actor'
import { forbidden, unauthorized } from '@wealist/kit/errors'
import type { Ctx } from './deps.ts'
import type { Found } from './shares.sql.ts'

/**
 * Each file of a folder is asked for with its password. Where that was right it is neither hashed nor counted again for
 * a while, of this link, password and address: who is braked learns nothing from others who know it.
 */
export const mustKnow = async (ctx: Ctx<Actor>, { id, passwordHash }: Found, password: string | undefined) => {
  if (passwordHash === null) return
  if (password === undefined) throw unauthorized('This link needs its password.')
  const attempt = { secret: id, from: ctx.request.ip }
  const decide = async () => {
    await ctx.guesses.take(attempt)
    const { ok } = await ctx.passwords.verify(passwordHash, password).catch(async (error: unknown) => {
      await ctx.guesses.undecided(attempt)
      throw error
    })
    if (ok) await ctx.guesses.succeeded(attempt)
    return ok
  }
  const { right, again } = await ctx.proofs.of([id, passwordHash, attempt.from, password], decide)
  if (right) return
  // To be told that it is wrong costs each who asks.
  if (again) await ctx.guesses.take(attempt)
  throw forbidden('This is not the password.')
}
