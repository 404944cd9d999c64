import { createHash, createHmac, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { authWorld, type AuthWorld } from '@wealist/dev/testing/auth-world'
import { Tokens } from '@wealist/contract/auth/sessions'
import { exportJWK, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

const redirectUri = 'https://app.example/signed-in'
const clientId = 'client-id'

/** A provider that does everything right, unless a test has it do something wrong. */
const startProvider = async () => {
  const [own, foreign] = [
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ]
  const codes = new Map<string, { nonce: string; challenge: string }>()
  const normal = {
    away: false,
    key: own.privateKey,
    alg: 'RS256',
    claims: (claims: JWTPayload): JWTPayload => claims,
    token: (token: string): string => token,
  }
  const state = { ...normal }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => void handle(request.url!, Buffer.concat(chunks).toString(), request.headers.authorization))
    const answer = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    const handle = async (path: string, body: string, authorization: string | undefined) => {
      if (state.away) return answer(503, {})
      if (path === '/.well-known/openid-configuration')
        return answer(200, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
        })
      if (path === '/jwks')
        return answer(200, { keys: [{ ...(await exportJWK(own.publicKey)), kid: 'k', alg: 'RS256' }] })
      const form = new URLSearchParams(body)
      const known = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      const client = Buffer.from((authorization ?? '').replace('Basic ', ''), 'base64').toString()
      if (!known || known.challenge !== challenge || client !== `${clientId}:client%3Asecret`)
        return answer(400, { error: 'invalid_grant' })
      const now = Math.floor(Date.now() / 1000)
      const claims = {
        iss: issuer,
        aud: clientId,
        sub: '1001',
        nonce: known.nonce,
        email: 'dinah@example.com',
        email_verified: true,
        name: 'Dinah',
        iat: now,
        exp: now + 3600,
      }
      const idToken = await new SignJWT(state.claims(claims))
        .setProtectedHeader({ alg: state.alg, kid: 'k' })
        .sign(state.key)
      answer(200, { id_token: state.token(idToken), access_token: 'x', token_type: 'Bearer' })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    issuer,
    state,
    reset: () => Object.assign(state, normal),
    foreign: foreign.privateKey,
    publicKey: own.publicKey,
    /** What the person's browser is sent back with after they said yes. */
    consent: (asked: URL) => {
      const code = randomBytes(8).toString('hex')
      codes.set(code, { nonce: asked.searchParams.get('nonce')!, challenge: asked.searchParams.get('code_challenge')! })
      return code
    },
    stop: () => void server.close(),
  }
}

let world: AuthWorld
let provider: Awaited<ReturnType<typeof startProvider>>
beforeAll(async () => {
  provider = await startProvider()
  world = await authWorld({
    OIDC_ISSUER: provider.issuer,
    GOOGLE_CLIENT_ID: clientId,
    GOOGLE_CLIENT_SECRET: 'client:secret',
    REDIRECT_URIS: `https://other.example/, ${redirectUri}`,
    PUBLIC_URL: 'https://app.example',
  })
})
afterAll(async () => {
  await world.stop()
  provider.stop()
})
beforeEach(() => void provider.reset())

const begin = async (query = `redirectUri=${encodeURIComponent(redirectUri)}`, cookie?: string) => {
  const answer = await world.ask('GET', `/oauth2/authorization/google?${query}`, cookie ? { headers: { cookie } } : {})
  expect(answer.status).toBe(302)
  const set = answer.headers.get('set-cookie')!
  return { asked: new URL(answer.headers.get('location')!), set, cookie: set.split(';')[0]! }
}
const comeBack = async (query: Record<string, string>, cookie?: string) => {
  const path = `/api/oauth2/callback/google?${new URLSearchParams(query)}`
  const answer = await world.ask('GET', path, cookie ? { headers: { cookie } } : {})
  const location = answer.headers.get('location')
  const to = location === null ? undefined : new URL(location)
  return { ...answer, to, error: to?.searchParams.get('error'), own: to?.searchParams.get('code') }
}
const whole = async (query?: string) => {
  const { asked, cookie } = await begin(query)
  return comeBack(
    { state: asked.searchParams.get('state')!, code: provider.consent(asked), scope: 'openid', authuser: '0' },
    cookie,
  )
}
const exchange = (code: string, codeVerifier?: string) =>
  world.ask<Tokens>('POST', '/api/auth/exchange', { body: { code, codeVerifier } })

test('sign-in with Google: state, nonce and PKCE there, a code back, tokens for it, and never a token in a URL', async () => {
  const { asked, set } = await begin()
  expect(asked.origin + asked.pathname).toBe(`${provider.issuer}/authorize`)
  expect(Object.fromEntries(asked.searchParams)).toEqual({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: 'https://app.example/api/oauth2/callback/google',
    scope: 'openid email profile',
    state: expect.stringMatching(/^[\w-]{43}$/),
    nonce: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
  })
  expect(set).toMatch(/^__Host-wealist_sign_in=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/)

  const back = await whole()
  expect(back.status).toBe(302)
  expect(back.to!.origin + back.to!.pathname).toBe(redirectUri)
  expect([...back.to!.searchParams.keys()]).toEqual(['code'])
  const tokens = await exchange(back.own!)
  expect(Tokens.parse(tokens.body)).toEqual(tokens.body)
  expect((await world.me(tokens.body.accessToken)).body).toMatchObject({ email: 'dinah@example.com', name: 'Dinah' })
})

test('the same subject is the same person the next time', async () => {
  const ids = []
  for (let i = 0; i < 2; i++) {
    const { body } = await exchange((await whole()).own!)
    ids.push((await world.me(body.accessToken)).body['id'])
  }
  expect(ids[0]).toBe(ids[1])
})

test('a code works once, also for 10 who try at the same time', async () => {
  const { own } = await whole()
  const answers = await Promise.all(Array.from({ length: 10 }, () => exchange(own!)))
  expect(answers.filter((a) => a.status === 200)).toHaveLength(1)
  expect((await exchange(own!)).status).toBe(401)
})

test('a code that was asked for with a challenge is exchanged only by who knows its verifier', async () => {
  const verifier = randomBytes(32).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const query = `redirectUri=${encodeURIComponent(redirectUri)}&codeChallenge=${challenge}`
  expect((await exchange((await whole(query)).own!)).status).toBe(401)
  expect((await exchange((await whole(query)).own!, randomBytes(32).toString('base64url'))).status).toBe(401)
  expect((await exchange((await whole(query)).own!, verifier)).status).toBe(200)
  expect((await exchange((await whole()).own!, verifier)).status).toBe(401)
})

test.each([
  'https://app.example/signed-in/',
  'https://app.example/signed-in?x=1',
  'https://app.example/signed-i',
  'https://app.example.evil.example/signed-in',
  'https://evil.example/',
  'javascript:alert(1)',
  '',
])('a redirect URI that is not exactly on the list is 400: %s', async (uri) => {
  const answer = await world.ask('GET', `/oauth2/authorization/google?redirectUri=${encodeURIComponent(uri)}`)
  expect([answer.status, answer.code]).toEqual([400, 'VALIDATION_ERROR'])
})

test('an empty list allows nothing, and without a client there is no Google sign-in', async () => {
  const empty = await authWorld({ OIDC_ISSUER: provider.issuer, GOOGLE_CLIENT_ID: 'x', GOOGLE_CLIENT_SECRET: 'x' })
  for (const uri of ['', 'https://app.example/', redirectUri])
    expect((await empty.ask('GET', `/oauth2/authorization/google?redirectUri=${encodeURIComponent(uri)}`)).status).toBe(
      400,
    )
  await empty.stop()
  const none = await authWorld({ REDIRECT_URIS: redirectUri })
  const answer = await none.ask('GET', `/oauth2/authorization/google?redirectUri=${encodeURIComponent(redirectUri)}`)
  expect(answer.status).toBe(404)
  await none.stop()
})

test('a state works once, and one that nobody asked for goes nowhere', async () => {
  const { asked, cookie } = await begin()
  const state = asked.searchParams.get('state')!
  expect((await comeBack({ state, code: provider.consent(asked) }, cookie)).own).toBeTruthy()
  expect((await comeBack({ state, code: provider.consent(asked) }, cookie)).status).toBe(400)
  for (const query of ['code=x', 'state=unknown&code=x', 'state=&error=access_denied'])
    expect((await comeBack(Object.fromEntries(new URLSearchParams(query)), cookie)).status).toBe(400)
})

test("a state begun in one browser cannot sign in another: nobody ends up in a stranger's account", async () => {
  for (const cookie of [undefined, `__Host-wealist_sign_in=${'A'.repeat(43)}`]) {
    const { asked } = await begin()
    const back = await comeBack({ state: asked.searchParams.get('state')!, code: provider.consent(asked) }, cookie)
    expect([back.error, back.own]).toEqual(['invalid_state', null])
  }
})

test('a cookie that another site of the domain can set signs nobody in as who began with it', async () => {
  const { asked, cookie } = await begin()
  const tossed = cookie.replace('__Host-', '')
  const back = await comeBack({ state: asked.searchParams.get('state')!, code: provider.consent(asked) }, tossed)
  expect([back.error, back.own]).toEqual(['invalid_state', null])
})

test('two tabs of one browser can both sign in: it shows its cookie where signing in begins, too', async () => {
  const first = await begin()
  expect(first.set).toContain('; Path=/;')
  const second = await begin(undefined, first.cookie)
  for (const { asked } of [first, second]) {
    const back = await comeBack(
      { state: asked.searchParams.get('state')!, code: provider.consent(asked) },
      second.cookie,
    )
    expect(back.own).toBeTruthy()
  }
})

test('no is an answer: access_denied goes back to the redirect URI', async () => {
  const { asked, cookie } = await begin()
  const back = await comeBack({ state: asked.searchParams.get('state')!, error: 'access_denied' }, cookie)
  expect(back.to!.href).toBe(`${redirectUri}?error=access_denied`)
})

test('a callback that names another issuer is refused', async () => {
  const { asked, cookie } = await begin()
  const query = { state: asked.searchParams.get('state')!, code: provider.consent(asked), iss: 'https://evil.example' }
  expect((await comeBack(query, cookie)).error).toBe('invalid_identity')
})

const now = () => Math.floor(Date.now() / 1000)
const changed =
  (more: JWTPayload) =>
  (claims: JWTPayload): JWTPayload => ({ ...claims, ...more })
const wrong: Record<string, () => void> = {
  'another nonce': () => (provider.state.claims = changed({ nonce: 'other' })),
  'no nonce': () => (provider.state.claims = changed({ nonce: undefined })),
  'another issuer': () => (provider.state.claims = changed({ iss: 'https://evil.example' })),
  'another audience': () => (provider.state.claims = changed({ aud: 'other' })),
  'more audiences without azp': () => (provider.state.claims = changed({ aud: [clientId, 'other'] })),
  "another client's azp": () => (provider.state.claims = changed({ azp: 'other' })),
  expired: () => (provider.state.claims = changed({ iat: now() - 100, exp: now() - 10 })),
  'issued long ago': () => (provider.state.claims = changed({ iat: now() - 3600 })),
  'no address': () => (provider.state.claims = changed({ email: undefined })),
  'an address whose proof is a string': () => (provider.state.claims = changed({ email_verified: 'false' })),
  'a foreign key': () => (provider.state.key = provider.foreign),
  'alg none': () =>
    (provider.state.token = (t) => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${t.split('.')[1]}.`),
  'HS256 with the public key': () =>
    (provider.state.token = (t) => {
      const body = `${Buffer.from('{"alg":"HS256","kid":"k"}').toString('base64url')}.${t.split('.')[1]}`
      const secret = provider.publicKey.export({ type: 'spki', format: 'pem' })
      return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
    }),
}
test.each(Object.entries(wrong))('an ID token is refused: %s', async (_, make) => {
  make()
  const back = await whole()
  expect([back.error, back.own]).toEqual(['invalid_identity', null])
})

test('an address that Google did not verify signs nobody in', async () => {
  provider.state.claims = changed({ email_verified: false })
  expect((await whole()).error).toBe('email_not_verified')
})

test('whose address another Google account has is told so, by a code of its own, and nobody is signed in', async () => {
  await whole()
  provider.state.claims = changed({ sub: 'new owner' })
  const back = await whole()
  expect([back.error, back.own]).toEqual(['address_taken', null])
})

test.each([
  ['suspended', 'account_suspended'],
  ['inactive', 'account_inactive'],
] as const)('a person who is %s is told so', async (status, error) => {
  const email = `${status}@example.com`
  world.people.add({ email, status })
  provider.state.claims = changed({ sub: status, email })
  expect((await whole()).error).toBe(error)
})

test('a person suspended between the code and its exchange gets no tokens', async () => {
  const person = world.people.add({ email: 'late@example.com' })
  provider.state.claims = changed({ sub: 'late', email: person.email })
  const { own } = await whole()
  world.people.people.set(person.id, { ...person, status: 'suspended' })
  expect((await exchange(own!)).status).toBe(403)
})

test('what others write into their name becomes a name of ours', async () => {
  const names: unknown[] = []
  for (const name of ['x'.repeat(300), ' \u0000\n\u202e ', undefined, '  Ali\u0007ce ']) {
    const sub = randomBytes(4).toString('hex')
    provider.state.claims = changed({ sub, email: `${sub}@example.com`, name })
    names.push((await world.me((await exchange((await whole()).own!)).body.accessToken)).body['name'])
  }
  expect(names).toEqual(['x'.repeat(100), expect.stringMatching(/^\w{8}$/), expect.stringMatching(/^\w{8}$/), 'Alice'])
})

test('while user-service is away the browser goes back with temporarily_unavailable', async () => {
  const { asked, cookie } = await begin()
  world.people.state.away = true
  const back = await comeBack({ state: asked.searchParams.get('state')!, code: provider.consent(asked) }, cookie)
  world.people.state.away = false
  expect(back.error).toBe('temporarily_unavailable')
})

test('Google breaking off in the middle is temporarily_unavailable', async () => {
  const { asked, cookie } = await begin()
  provider.state.away = true
  const back = await comeBack({ state: asked.searchParams.get('state')!, code: provider.consent(asked) }, cookie)
  expect(back.error).toBe('temporarily_unavailable')
})

test('while Google is away what discovery said before is still known; never read, it is 503', async () => {
  await begin()
  provider.state.away = true
  await begin()
  const fresh = await authWorld({
    OIDC_ISSUER: provider.issuer,
    GOOGLE_CLIENT_ID: clientId,
    GOOGLE_CLIENT_SECRET: 'x',
    REDIRECT_URIS: redirectUri,
  })
  const answer = await fresh.ask('GET', `/oauth2/authorization/google?redirectUri=${encodeURIComponent(redirectUri)}`)
  expect(answer.status).toBe(503)
  await fresh.stop()
})
