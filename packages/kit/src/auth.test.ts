import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { testLog } from '@wealist/dev/testing/log'
import { testRedis } from '@wealist/dev/testing/redis'
import { exportJWK, type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Auth, openAuth } from './auth.ts'
import { Config, readConfig } from './config.ts'
import { newId } from './ids.ts'
import { openRedis, ready } from './redis.ts'
import { openRevocations, type Revocations } from './revocations.ts'
import { tokenIdAt } from './token-time.ts'

const log = testLog()
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const [current, next, foreign] = [rsa(), rsa(), rsa()]
const at = testRedis()
const redis = openRedis({ ...at, log })
let revocations: Revocations
let server: Server
let url: string
let published: JSONWebKeySet = { keys: [] }
let fetched = 0
let away = false

beforeAll(async () => {
  await ready(redis)
  revocations = await openRevocations({ redis, config: { REDIS_PREFIX: at.prefix }, log, clock: Date })
  server = createServer((_, response) => {
    fetched++
    if (away) return void response.writeHead(500).end()
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(published))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
})
afterAll(async () => {
  server.close()
  await revocations.close()
  redis.disconnect()
})

const jwk = async (key: KeyObject, kid: string) => ({ ...(await exportJWK(key)), kid, alg: 'RS256', use: 'sig' })
beforeEach(async () => {
  published = { keys: [await jwk(current.publicKey, 'current')] }
  fetched = 0
  away = false
})

let skew = 0
const clock = { now: () => Date.now() + skew }
const open = (env: Record<string, string> = {}) => {
  skew = 0
  const config = readConfig(Config, { AUTH_JWKS_URL: url, INTERNAL_KEYS: 'new-key,old-key', ...env })
  return openAuth({ config, redis, revocations, log, clock })
}
const claims = (more: JWTPayload = {}): JWTPayload => {
  const now = Math.floor(Date.now() / 1000)
  return {
    iss: 'http://localhost:8088',
    aud: 'wealist',
    sub: newId(),
    email: 'alice@example.com',
    name: 'Ålice',
    role: 'user',
    sid: newId(),
    jti: tokenIdAt(Date.now()),
    iat: now,
    exp: now + 900,
    token_use: 'access',
    ...more,
  }
}
const sign = (
  payload: JWTPayload,
  { key = current.privateKey, ...header } = {} as Record<string, unknown> & { key?: KeyObject },
) => new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'current', ...header }).sign(key)
const bearer = (token: string) => (name: string) => (name === 'authorization' ? `Bearer ${token}` : undefined)
const payload = (value: unknown) => (name: string) =>
  name === 'x-jwt-payload' ? Buffer.from(JSON.stringify(value)).toString('base64url') : undefined
const refusal = (answer: Promise<unknown>) =>
  answer.then(
    () => 'accepted',
    (error: { code?: string }) => error.code,
  )

test('both modes give the same actor for the same token', async () => {
  const given = claims()
  const verified = await open().actor(bearer(await sign(given)))
  const handed = await open({ AUTH_MODE: 'gateway' }).actor(payload(given))
  expect(handed).toEqual(verified)
  expect(verified).toEqual({
    kind: 'person',
    id: given.sub,
    email: 'alice@example.com',
    name: 'Ålice',
    role: 'user',
    sid: given['sid'],
    jti: given.jti,
    iat: given.iat,
    exp: given.exp,
  })
})

test('nothing in the request is nobody, in both modes', async () => {
  expect(await open().actor(() => undefined)).toBeUndefined()
  expect(await open({ AUTH_MODE: 'gateway' }).actor(() => undefined)).toBeUndefined()
})

test('each mode reads its own header and nothing else', async () => {
  const given = claims()
  expect(await open().actor(payload(given))).toBeUndefined()
  expect(await open({ AUTH_MODE: 'gateway' }).actor(bearer(await sign(given)))).toBeUndefined()
})

const now = () => Math.floor(Date.now() / 1000)
const bad: Record<string, () => JWTPayload> = {
  'another issuer': () => claims({ iss: 'https://evil.example' }),
  'another audience': () => claims({ aud: 'other' }),
  'no audience': () => claims({ aud: undefined }),
  expired: () => claims({ iat: now() - 900, exp: now() - 6 }),
  'without an end': () => claims({ exp: undefined }),
  'from the future': () => claims({ iat: now() + 60, exp: now() + 900 }),
  'living longer than auth gives': () => claims({ exp: now() + 86_400 }),
  'without iat': () => claims({ iat: undefined }),
  'another use': () => claims({ token_use: 'refresh' }),
  'no use': () => claims({ token_use: undefined }),
  'no session': () => claims({ sid: undefined }),
  'a role that does not exist': () => claims({ role: 'root' }),
  'a subject that is no id': () => claims({ sub: 'alice' }),
}
test.each(Object.entries(bad))('refused in both modes: %s', async (_, make) => {
  const given = make()
  expect(await refusal(open().actor(bearer(await sign(given))))).toBe('UNAUTHORIZED')
  expect(await refusal(open({ AUTH_MODE: 'gateway' }).actor(payload(given)))).toBe('UNAUTHORIZED')
})

test('five seconds of difference between clocks are tolerated', async () => {
  const given = claims({ iat: now() + 4 })
  expect(await open().actor(bearer(await sign(given)))).toBeDefined()
  const old = claims({ iat: now() - 900, exp: now() - 3 })
  expect(await open().actor(bearer(await sign(old)))).toBeDefined()
})

const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const forged: Record<string, () => Promise<string> | string> = {
  'alg none': () => `${b64({ alg: 'none', typ: 'at+jwt' })}.${b64(claims())}.`,
  'HS256 with the public key as the secret': () => {
    const body = `${b64({ alg: 'HS256', typ: 'at+jwt', kid: 'current' })}.${b64(claims())}`
    const secret = current.publicKey.export({ type: 'spki', format: 'pem' })
    return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
  },
  "another key under the current one's id": () => sign(claims(), { key: foreign.privateKey }),
  'a key it brings along': async () =>
    sign(claims(), { key: foreign.privateKey, jwk: await exportJWK(foreign.publicKey), kid: undefined }),
  'PS256 with the right key': () => sign(claims(), { alg: 'PS256' }),
  'another type of token': () => sign(claims(), { typ: 'JWT' }),
  'no type': () => sign(claims(), { typ: undefined }),
  'claims changed after signing': async () => {
    const [header, , signature] = (await sign(claims())).split('.')
    return `${header}.${b64(claims({ role: 'admin' }))}.${signature}`
  },
  'not a token': () => 'not-a-token',
}
test.each(Object.entries(forged))('refused by signature: %s', async (_, make) => {
  expect(await refusal(open().actor(bearer(await make())))).toBe('UNAUTHORIZED')
})

test.each(['Basic YWxpY2U6cHc=', 'Bearer', 'Bearer a b', 'Bearer a, Bearer b'])(
  'refused as a header: %s',
  async (value) => {
    expect(await refusal(open().actor((name) => (name === 'authorization' ? value : undefined)))).toBe('UNAUTHORIZED')
  },
)

test.each([
  ['two of them', () => `${b64(claims())}, ${b64(claims())}`],
  ['padded', () => `${b64(claims()).padEnd(400, '=')}`],
  ['not JSON', () => Buffer.from('{').toString('base64url')],
  ['not UTF-8', () => Buffer.from([0x22, 0xff, 0x22]).toString('base64url')],
  ['empty', () => ''],
])('x-jwt-payload is refused: %s', async (_, make) => {
  expect(
    await refusal(open({ AUTH_MODE: 'gateway' }).actor((name) => (name === 'x-jwt-payload' ? make() : undefined))),
  ).toBe('UNAUTHORIZED')
})

test('a revoked session is refused in both modes, also for a token that is remembered', async () => {
  const given = claims()
  const token = await sign(given)
  const verifying = open()
  expect(await verifying.actor(bearer(token))).toBeDefined()
  await revocations.revoke({ sids: [given['sid'] as string] })
  expect(await refusal(verifying.actor(bearer(token)))).toBe('UNAUTHORIZED')
  expect(await refusal(open({ AUTH_MODE: 'gateway' }).actor(payload(given)))).toBe('UNAUTHORIZED')
})

test('a remembered token is refused once it has run out', async () => {
  const auth = open()
  const token = await sign(claims())
  expect(await auth.actor(bearer(token))).toBeDefined()
  skew = 906_000
  expect(await refusal(auth.actor(bearer(token)))).toBe('UNAUTHORIZED')
})

test('a token that comes often costs no RSA: once verified it needs no key', async () => {
  const auth = open()
  const token = await sign(claims())
  await auth.actor(bearer(token))
  auth.trust(() => Promise.reject(new Error('no keys')))
  expect(await auth.actor(bearer(token))).toBeDefined()
  await expect(auth.actor(bearer(await sign(claims())))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

const many = (auth: Auth, token: string, count: number) =>
  Promise.all(
    Array.from({ length: count }, () =>
      auth.actor(bearer(token)).then(
        () => 'ok',
        (e: { code: string }) => e.code,
      ),
    ),
  )

test('50 first requests fetch the keys once', async () => {
  const auth = open()
  expect(new Set(await many(auth, await sign(claims()), 50))).toEqual(new Set(['ok']))
  expect(fetched).toBe(1)
})

test('an unknown key id causes one fetch at most every 30 s, and a key published meanwhile is then accepted', async () => {
  const auth = open()
  await auth.actor(bearer(await sign(claims())))
  const token = await sign(claims(), { key: next.privateKey, kid: 'next' })
  expect(new Set(await many(auth, token, 20))).toEqual(new Set(['UNAUTHORIZED']))
  expect(fetched).toBe(1)
  published = { keys: [...published.keys, await jwk(next.publicKey, 'next')] }
  skew = 31_000
  expect(new Set(await many(auth, token, 20))).toEqual(new Set(['ok']))
  expect(fetched).toBe(2)
})

test('keys are fetched again after 10 minutes, and the last good ones go on while auth is away', async () => {
  const auth = open()
  await auth.actor(bearer(await sign(claims())))
  away = true
  skew = 601_000
  const fresh = () => sign(claims({ iat: now() + 601, exp: now() + 1400, jti: tokenIdAt(Date.now()) }))
  expect(await auth.actor(bearer(await fresh()))).toBeDefined()
  await expect.poll(() => fetched).toBe(2)
  expect(await auth.actor(bearer(await fresh()))).toBeDefined()
})

test('a key that is published no more is good for ten minutes, also where auth was away then or the token is remembered', async () => {
  const auth = open()
  const at = (ms: number) => {
    const iat = now() + ms / 1000
    return sign(claims({ iat, exp: iat + 800, jti: tokenIdAt(Date.now()) }))
  }
  const remembered = await at(599_000)
  await auth.actor(bearer(await sign(claims())))
  skew = 599_000
  expect(await auth.actor(bearer(remembered))).toBeDefined()
  away = true
  skew = 601_000
  expect(await auth.actor(bearer(remembered))).toBeDefined()
  await expect.poll(() => fetched).toBe(2)
  away = false
  published = { keys: [await jwk(next.publicKey, 'next')] }
  skew = 607_000
  await auth.actor(bearer(remembered))
  await expect.poll(() => fetched).toBe(3)
  await expect(auth.actor(bearer(remembered))).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
})

test('without any keys it is 503, not 401, and works as soon as they can be had', async () => {
  away = true
  const auth = open()
  const token = await sign(claims())
  await expect(auth.actor(bearer(token))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  away = false
  skew = 1100
  expect(await auth.actor(bearer(token))).toBeDefined()
})

const shown = (key: string | undefined, caller?: string) => (name: string) =>
  name === 'x-internal-api-key' ? key : name === 'x-wealist-caller' ? caller : undefined
test('a clock that is set back does not keep keys from being fetched', async () => {
  const auth = open()
  skew = 3_600_000
  away = true
  expect(await refusal(auth.actor(bearer(await sign(claims()))))).toBe('UNAVAILABLE')
  skew = 0
  away = false
  expect(await auth.actor(bearer(await sign(claims())))).toBeDefined()
  published = { keys: [...published.keys, await jwk(next.publicKey, 'next')] }
  skew = -60_000
  const iat = now() - 60
  const token = await sign(claims({ iat, exp: iat + 800 }), { key: next.privateKey, kid: 'next' })
  expect(await auth.actor(bearer(token))).toBeDefined()
})

test('internal routes take each of the two keys and no other, and never an empty one', () => {
  const auth = open()
  expect(auth.peer(shown('new-key', 'board'))).toEqual({ kind: 'service', name: 'board' })
  expect(auth.peer(shown('old-key', 'evil'))).toEqual({ kind: 'service', name: 'unknown' })
  for (const key of [undefined, '', 'new-key,old-key', 'new-kez'])
    expect(() => auth.peer(shown(key))).toThrow('internal key')
  expect(() => open({ INTERNAL_KEYS: '' }).peer(shown(''))).toThrow('internal key')
})
