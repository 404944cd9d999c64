import type { Standing } from '@wealist/contract/user/internal'
import { accessTokenSeconds, tokenIdAt } from '@wealist/kit/token-time'
import { SignJWT } from 'jose'
import type { Ctx } from './deps.ts'
import type { Actor } from '@wealist/kit/actor'

/**
 * An access token (RFC 9068). `at` is the time of Redis, read BEFORE the standing it speaks of: a revocation that came
 * in between is later, so it also ends this token.
 */
export const signAccessToken = async (
  ctx: Pick<Ctx<Actor>, 'ring' | 'settings' | 'clock'>,
  { person, sid, at }: { person: Standing; sid: string; at: number },
) => {
  const { kid, key } = await ctx.ring.signing()
  const now = Math.floor(ctx.clock.now() / 1000)
  return new SignJWT({ email: person.email, name: person.name, role: person.role, sid, token_use: 'access' })
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid })
    .setIssuer(ctx.settings.AUTH_ISSUER)
    .setAudience(ctx.settings.AUTH_AUDIENCE)
    .setSubject(person.id)
    .setJti(tokenIdAt(at))
    .setIssuedAt(now)
    .setExpirationTime(now + accessTokenSeconds)
    .sign(key)
}
