import { createHash, randomBytes } from 'node:crypto'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
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
    accounts: [
      { email: 'alice@example.com', name: 'Alice' },
      { email: 'bob@example.com', name: '밥' },
    ],
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

const follow = async (
  start: string,
  act: (url: string) => RequestInit = () => ({}),
  jar = new Map<string, string>(),
) => {
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
const exchange = (code: string, { secret = client.clientSecret, ...more }: Record<string, string> = {}) =>
  fetch(found.token_endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client.clientId}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      ...more,
    }),
  })
const claimsOf = async (code: string) => {
  const tokens = (await (await exchange(code)).json()) as { id_token: string }
  const expected = { issuer: oidc.issuer, audience: client.clientId, algorithms: ['RS256'] }
  return (await jwtVerify(tokens.id_token, createRemoteJWKSet(new URL(found.jwks_uri)), expected)).payload
}
const typing = (fields: Record<string, string>) => (url: string) =>
  url.includes('/sign-in/') ? { method: 'POST', body: new URLSearchParams(fields) } : {}
const codeOf = async (email: string) => (await follow(authorize({ login_hint: email }))).query!.get('code')!

test('code, PKCE and nonce give an RS256 ID token with Google’s claims, and a code works once', async () => {
  const { query } = await follow(authorize({ login_hint: 'alice@example.com' }))
  expect(query!.get('state')).toBe('s')
  const code = query!.get('code')!
  const payload = await claimsOf(code)
  expect(payload).toMatchObject({ nonce: 'n', email: 'alice@example.com', email_verified: true, name: 'Alice' })
  expect(payload.sub).toMatch(/^\d+$/)
  const picture = await fetch(payload['picture'] as string)
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/svg+xml'])
  expect(await (await exchange(code)).json()).toMatchObject({ error: 'invalid_grant' })
})

test('another verifier, redirect URI or secret gets nothing for a code', async () => {
  const other = { code_verifier: randomBytes(32).toString('base64url') }
  const answers = [
    await exchange(await codeOf('alice@example.com'), other),
    await exchange(await codeOf('alice@example.com'), { redirect_uri: 'http://localhost:1/other' }),
    await exchange(await codeOf('alice@example.com'), { secret: 'wrong' }),
  ]
  expect(answers.map((a) => a.status)).toEqual([400, 400, 401])
})

test('a person has the same subject at every start, in whatever case the address is written', async () => {
  const another = await startOidc({ ...client, redirectUris: [redirectUri], accounts: [] })
  const here = await claimsOf(await codeOf('Alice@Example.com'))
  const { query } = await follow(authorize({ login_hint: 'alice@example.com' }).replace(oidc.issuer, another.issuer))
  const answer = await fetch(`${another.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: query!.get('code')!,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    }),
  })
  const { id_token: token } = (await answer.json()) as { id_token: string }
  expect(decodeJwt(token).sub).toBe(here.sub)
  await another.stop()
})

test('the page signs in whoever types an address, without a script', async () => {
  const page = await follow(authorize())
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('alice@example.com')])
  expect(page.text).not.toContain('<script')
  const { query } = await follow(authorize(), typing({ email: ' Carol@Example.com ', name: '캐럴 <b>' }))
  expect(await claimsOf(query!.get('code')!)).toMatchObject({ email: 'carol@example.com', name: '캐럴 <b>' })
})

test('what is no address signs nobody in, typed or as a hint', async () => {
  const typed = await follow(authorize(), typing({ email: 'nobody', name: 'x' }))
  expect([typed.status, typed.text]).toEqual([400, expect.stringContaining('role="alert"')])
  expect((await follow(authorize({ login_hint: 'nobody' }))).text).toContain('alice@example.com')
})

test('one browser signs in as one person after another; nobody is remembered', async () => {
  const jar = new Map<string, string>()
  for (const email of ['alice@example.com', 'bob@example.com']) {
    const { query } = await follow(authorize({ login_hint: email }), undefined, jar)
    expect((await claimsOf(query!.get('code')!))['email']).toBe(email)
  }
  const asks: Record<string, string>[] = [{}, { prompt: 'select_account' }]
  for (const more of asks) expect((await follow(authorize(more), undefined, jar)).text).toContain('alice@example.com')
  const { query } = await follow(authorize({ prompt: 'select_account', login_hint: 'bob@example.com' }))
  expect((await claimsOf(query!.get('code')!))['name']).toBe('밥')
})

test('another redirect URI, and a request without PKCE or with plain PKCE, get no code', async () => {
  expect((await follow(authorize({ redirect_uri: 'http://localhost:1/other', login_hint: 'a@b.c' }))).status).toBe(400)
  const plain = await follow(authorize({ login_hint: 'a@b.c', code_challenge_method: 'plain' }))
  expect(plain.query!.get('error')).toBe('invalid_request')
  const bare = authorize({ login_hint: 'a@b.c' }).replace(/&code_challenge=[^&]*&code_challenge_method=S256/, '')
  expect((await follow(bare)).query!.get('error')).toBe('invalid_request')
})
