import type { Actor } from '@wealist/kit/actor'
import { Reply } from '@wealist/kit/json'
import type { Ctx } from './deps.ts'

// Verifiers and proxies may keep them for a minute; a new key waits far longer before it signs.
const cached = { 'cache-control': 'public, max-age=60' }

export const jwks = async ({ ring }: Ctx<Actor>) => new Reply(await ring.published(), cached)

export const openid = ({ settings }: Ctx<Actor>) =>
  new Reply(
    {
      issuer: settings.AUTH_ISSUER,
      jwks_uri: `${settings.AUTH_ISSUER}/.well-known/jwks.json`,
      response_types_supported: [],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    },
    cached,
  )
