import { createHash } from 'node:crypto'
import { unavailable } from '@wealist/kit/errors'
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import * as z from 'zod'

/** What the provider says of the person who signed in there, verified. */
export interface Identity {
  subject: string
  email: string
  emailVerified: boolean
  name: string | undefined
}

/** An OpenID provider (Google, or what stands in for it), by the authorization code flow with PKCE. */
export interface Provider {
  /** Where to send the browser. */
  authorizationUrl(asked: { redirectUri: string; state: string; nonce: string; verifier: string }): Promise<string>
  /** The identity that a code stands for. 503 where the provider is away; throws where anything is not as it must be. */
  identify(given: { code: string; redirectUri: string; nonce: string; verifier: string }): Promise<Identity>
  /** The issuer, which a callback may name (RFC 9207). */
  issuer: string
}

const Discovery = z.looseObject({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  jwks_uri: z.url(),
  id_token_signing_alg_values_supported: z.array(z.string()).optional(),
})

const Claims = z.looseObject({
  sub: z.string().min(1).max(255),
  aud: z.union([z.string(), z.array(z.string())]),
  azp: z.string().optional(),
  nonce: z.string(),
  email: z.email().max(254),
  email_verified: z.boolean(),
  name: z.string().optional(),
})

const freshFor = 60 * 60_000
const patience = 5000

/**
 * Endpoints come from discovery at the issuer, kept for an hour, and longer while the issuer is away. The client proves
 * itself by `client_secret_basic`, which every provider must support (OpenID Connect Core, section 9).
 */
export const openProvider = ({
  issuer,
  clientId,
  clientSecret,
  clock,
}: {
  issuer: string
  clientId: string
  clientSecret: string
  clock: { now(): number }
}): Provider => {
  let known: ReturnType<typeof endpoints> | undefined
  let readAt = -Infinity

  const read = async () => {
    const response = await reach(`${issuer}/.well-known/openid-configuration`, {})
    if (!response.ok) throw new Error(`discovery at ${issuer} answered ${response.status}`)
    const found = Discovery.parse(await response.json())
    if (found.issuer !== issuer) throw new Error(`discovery at ${issuer} names another issuer: ${found.issuer}`)
    known = endpoints(found)
    readAt = clock.now()
    return known
  }
  const discover = async () => {
    if (known && clock.now() - readAt < freshFor) return known
    return read().catch((error: unknown) => known ?? Promise.reject(error))
  }

  const redeem = async ({ code, redirectUri, verifier }: { code: string; redirectUri: string; verifier: string }) => {
    const { token } = await discover()
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64')
    const response = await reach(token, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
      }),
    })
    if (!response.ok) throw new Error(`the token endpoint answered ${response.status}`)
    return z.looseObject({ id_token: z.string() }).parse(await response.json()).id_token
  }

  return {
    issuer,
    authorizationUrl: async ({ redirectUri, state, nonce, verifier }) => {
      const url = new URL((await discover()).authorization)
      const values = {
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: 'openid email profile',
        state,
        nonce,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      }
      for (const [name, value] of Object.entries(values)) url.searchParams.set(name, value)
      return url.href
    },
    identify: async ({ nonce, ...given }) => {
      const idToken = await redeem(given)
      const { keys } = await discover()
      const { payload } = await jwtVerify(idToken, keys, {
        algorithms: ['RS256'],
        issuer,
        audience: clientId,
        requiredClaims: ['sub', 'iat', 'exp', 'nonce'],
        maxTokenAge: '10 minutes',
        currentDate: new Date(clock.now()),
        clockTolerance: 5,
      })
      const claims = Claims.parse(payload)
      if (claims.nonce !== nonce) throw new Error('the ID token answers another request')
      const others = [claims.aud].flat().some((audience) => audience !== clientId)
      if ((others || claims.azp !== undefined) && claims.azp !== clientId)
        throw new Error('the ID token is for another client')
      const { sub: subject, email, email_verified: emailVerified, name } = claims
      return { subject, email, emailVerified, name }
    },
  }
}

const endpoints = (found: z.infer<typeof Discovery>) => ({
  authorization: found.authorization_endpoint,
  token: found.token_endpoint,
  keys: createRemoteJWKSet(new URL(found.jwks_uri), { [customFetch]: reach }),
})

// A provider that is away is another thing than one that says no.
const reach = async (url: string, init: RequestInit) => {
  const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(patience) }).catch(
    () => undefined,
  )
  if (!response || response.status >= 500) throw unavailable('Google cannot be reached right now.', 5)
  return response
}
