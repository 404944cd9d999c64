import * as z from 'zod'
import type { Person } from './actor.ts'
import type { Config } from './config.ts'
import { unauthorized } from './errors.ts'
import { accessTokenSeconds } from './token-time.ts'

/** Seconds that the clocks of two machines may differ. */
export const clockTolerance = 5

const Claims = z.looseObject({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  sub: z.uuid(),
  email: z.string(),
  name: z.string(),
  role: z.enum(['user', 'viewer', 'operator', 'admin']),
  sid: z.uuid(),
  jti: z.uuid(),
  iat: z.int(),
  exp: z.int(),
  token_use: z.literal('access'),
})

/**
 * The person that verified claims speak of; the one rule for both modes. `seconds` is now. Throws 401 for claims of
 * another issuer or audience, of another use than access, out of their time, or incomplete.
 */
export const personOf = (
  claims: unknown,
  config: Pick<Config, 'AUTH_ISSUER' | 'AUTH_AUDIENCE'>,
  seconds: number,
): Person => {
  const parsed = Claims.safeParse(claims)
  if (!parsed.success) throw notAccepted()
  const { iss, aud, sub, email, name, role, sid, jti, iat, exp } = parsed.data
  if (iss !== config.AUTH_ISSUER || ![aud].flat().includes(config.AUTH_AUDIENCE)) throw notAccepted()
  if (iat > seconds + clockTolerance || exp - iat > accessTokenSeconds) throw notAccepted()
  if (exp <= seconds - clockTolerance) throw unauthorized('The access token has run out; refresh it.')
  return { kind: 'person', id: sub, email, name, role, sid, jti, iat, exp }
}

/** 401 for a token that is not good; it never says why. */
export const notAccepted = () => unauthorized('The access token is not accepted.')
