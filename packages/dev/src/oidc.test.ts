import { createHash, randomBytes } from 'node:crypto'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startOidc } from './oidc.ts'

const client = { clientId: 'test', clientSecret: 'secret' }
const redirectUri = 'http://localhost:1/callback'
let oidc: Awaited<ReturnType<typeof startOidc>>
let found: Record<'authorization_endpoint' | 'token_endpoint' | 'jwks_uri', string>
beforeAll(async () => {
  oidc = await startOidc({
    ...client,
    redirectUris: [redirectUri],
    accounts: [{ email: 'alice@example.com', name: 'Alice' }],
  })
  found = (await (await fetch(`${oidc.issuer}/.well-known/openid-configuration`)).json()) as typeof found
})
afterAll(() => oidc.stop())

const verifier = randomBytes(32).toString('base64url')
const authorize = (more: Record<string, string> = {}) =>
  `${found.authorization_endpoint}?${new URLSearchParams({
    client_id: client.clientId,
    response_type: 'code',
    scope: 'openid email profile',
    redirect_uri: redirectUri,
    state: 's',
    nonce: 'n',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  })}`

const follow = async (start: string, act: (url: string) => RequestInit = () => ({})) => {
  const jar = new Map<string, string>()
  let url = start
  for (let hop = 0; hop < 10; hop++) {
    const response = await fetch(url, {
      redirect: 'manual',
      ...act(url),
      headers: { cookie: [...jar.values()].join('; ') },
    })
    for (const cookie of response.headers.getSetCookie()) jar.set(cookie.split('=')[0]!, cookie.split(';')[0]!)
    const location = response.headers.get('location')
    if (!location) return { status: response.status, text: await response.text() }
    url = new URL(location, url).href
    if (url.startsWith(redirectUri)) return { status: 302, query: new URL(url).searchParams }
  }
  throw new Error('too many redirects')
}
const exchange = (code: string) =>
  fetch(found.token_endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    }),
  })

test('code, PKCE and nonce give an RS256 ID token with Google’s claims, and a code works once', async () => {
  const { query } = await follow(authorize({ login_hint: 'alice@example.com' }))
  expect(query!.get('state')).toBe('s')
  const tokens = (await (await exchange(query!.get('code')!)).json()) as { id_token: string }
  const { payload, protectedHeader } = await jwtVerify(tokens.id_token, createRemoteJWKSet(new URL(found.jwks_uri)), {
    issuer: oidc.issuer,
    audience: client.clientId,
  })
  expect(protectedHeader.alg).toBe('RS256')
  expect(payload).toMatchObject({ nonce: 'n', email: 'alice@example.com', email_verified: true, name: 'Alice' })
  expect(payload.sub).toMatch(/^\d+$/)
  expect((await exchange(query!.get('code')!)).status).toBe(400)
})

test('the page signs in whoever types an address, without a script', async () => {
  const page = await follow(authorize())
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('alice@example.com')])
  const form = new URLSearchParams({ email: 'Carol@Example.com', name: 'Carol' })
  const { query } = await follow(authorize(), (url) =>
    url.includes('/sign-in/') ? { method: 'POST', body: form } : {},
  )
  expect(query!.get('code')).toBeTruthy()
})

test('another redirect URI or a request without PKCE gets no code', async () => {
  expect((await follow(authorize({ redirect_uri: 'http://localhost:1/other', login_hint: 'a@b.c' }))).status).toBe(400)
  const bare = authorize({ login_hint: 'a@b.c' }).replace(/&code_challenge=[^&]*&code_challenge_method=S256/, '')
  expect((await follow(bare)).query!.get('error')).toBe('invalid_request')
})
