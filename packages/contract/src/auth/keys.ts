import * as z from 'zod'
import { route } from '../route.ts'

/** A public key of auth (RFC 7517). */
export const Jwk = z
  .strictObject({
    kty: z.literal('RSA'),
    use: z.literal('sig'),
    alg: z.literal('RS256'),
    kid: z.string(),
    n: z.string(),
    e: z.string(),
  })
  .meta({ id: 'Jwk' })
export type Jwk = z.infer<typeof Jwk>

export const jwks = route({
  method: 'GET',
  path: '/.well-known/jwks.json',
  summary: 'The keys that access tokens are signed with: current, next and last',
  access: 'public',
  limit: 'none',
  response: z.strictObject({ keys: z.array(Jwk) }),
  example: {},
})

export const openid = route({
  method: 'GET',
  path: '/.well-known/openid-configuration',
  summary: 'Where the keys are, for verifiers that start from the issuer',
  access: 'public',
  limit: 'none',
  response: z.strictObject({
    issuer: z.string(),
    jwks_uri: z.string(),
    response_types_supported: z.array(z.string()),
    subject_types_supported: z.array(z.string()),
    id_token_signing_alg_values_supported: z.array(z.string()),
  }),
  example: {},
})
