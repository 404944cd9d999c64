import { authWorld, type AuthWorld, password } from '@wealist/dev/testing/auth-world'
import { type Handler, throughLambda } from '@wealist/dev/testing/lambda-event'
import { Tokens } from '@wealist/contract/auth/sessions'
import { testLog } from '@wealist/dev/testing/log'
import { newId } from '@wealist/kit/ids'
import { lambda } from '@wealist/kit/lambda'
import { sessionKey, sessionsKey } from '@wealist/kit/revocations.redis'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { auth } from './service.ts'

let world: AuthWorld
let other: string
beforeAll(async () => {
  world = await authWorld()
  other = await world.startAnother()
})
afterAll(() => world.stop())

const soon = { timeout: 5000, interval: 20 }
const sidOf = (token: string) => decodeJwt(token)['sid'] as string

test('sign-in gives tokens of the contract: at+jwt, RS256, 15 minutes, every claim', async () => {
  const person = world.people.add({ name: 'Ålice', role: 'viewer' })
  const tokens = await world.signIn(person)
  expect(Tokens.parse(tokens)).toEqual(tokens)
  expect(tokens.expiresIn).toBe(900)
  expect(decodeProtectedHeader(tokens.accessToken)).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: expect.any(String) })
  const { iat, exp, ...claims } = decodeJwt(tokens.accessToken)
  expect(exp! - iat!).toBe(900)
  expect(claims).toEqual({
    iss: 'http://localhost:8088',
    aud: 'wealist',
    sub: person.id,
    email: person.email,
    name: 'Ålice',
    role: 'viewer',
    sid: expect.any(String),
    jti: expect.any(String),
    token_use: 'access',
  })
  const me = await world.me(tokens.accessToken)
  expect(me.body).toEqual({
    id: person.id,
    email: person.email,
    name: 'Ålice',
    role: 'viewer',
    sessionId: claims['sid'],
  })
  expect(me.headers.get('cache-control')).toBe('no-store')
})

test('an unknown person and a wrong password get the same answer', async () => {
  const person = world.people.add()
  const wrong = await world.ask('POST', '/api/auth/login', { body: { email: person.email, password: 'wrong' } })
  const unknown = await world.ask('POST', '/api/auth/login', { body: { email: 'nobody@example.com', password } })
  const comparable = (text: string) => text.replace(/"requestId":"[^"]*"/, '')
  expect([wrong.status, unknown.status]).toEqual([401, 401])
  expect(comparable(unknown.text)).toBe(comparable(wrong.text))
})

test('guessing is braked per account and address, also with attempts at the same time', async () => {
  const braked = await authWorld({ RATE_LIMIT: '600' })
  const person = braked.people.add()
  const guesses = await Promise.all(
    Array.from({ length: 25 }, () =>
      braked.ask('POST', '/api/auth/login', { body: { email: person.email, password: 'wrong' } }),
    ),
  )
  expect(guesses.filter((g) => g.status === 401)).toHaveLength(10)
  const late = await braked.ask('POST', '/api/auth/login', { body: { email: person.email, password } })
  expect(late.status).toBe(429)
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(30)
  await braked.stop()
})

test('who is signed in signs in no more often than anybody else at that address', async () => {
  const narrow = await authWorld({ RATE_LIMIT: '600' })
  const tokens = await Promise.all([1, 2].map(() => narrow.signIn(narrow.people.add())))
  const guess = (token: string | undefined, i: number) =>
    narrow.ask('POST', '/api/auth/login', {
      body: { email: `${i}@example.com`, password: 'wrong' },
      ...(token && { token }),
    })
  const answers: number[] = []
  for (let i = 0; i < 60; i++)
    answers.push((await guess([undefined, ...tokens.map((t) => t.accessToken)][i % 3], i)).status)
  expect(answers.filter((status) => status === 401).length).toBeLessThanOrEqual(28)
  expect(answers.at(-1)).toBe(429)
  await narrow.stop()
})

test.each(['suspended', 'inactive'] as const)('a person who is %s cannot sign in and is told so', async (status) => {
  const person = world.people.add({ status })
  const answer = await world.ask('POST', '/api/auth/login', { body: { email: person.email, password } })
  expect([answer.status, answer.code]).toEqual([403, 'ACCOUNT_SUSPENDED'])
  expect(answer.body.error?.message).toContain(status)
})

test('while user-service is away sign-in and refresh are 503, and the refresh token is still good after it', async () => {
  const person = world.people.add()
  const { refreshToken } = await world.signIn(person)
  world.people.state.away = true
  expect((await world.ask('POST', '/api/auth/login', { body: { email: person.email, password } })).status).toBe(503)
  expect((await world.refresh(refreshToken)).status).toBe(503)
  world.people.state.away = false
  expect((await world.refresh(refreshToken)).status).toBe(200)
})

test('refresh rotates: a new token each time, name and role as they are now', async () => {
  const person = world.people.add()
  const first = await world.signIn(person)
  world.people.people.set(person.id, { ...person, name: 'Alice the Great', role: 'operator' })
  const second = await world.refresh(first.refreshToken)
  expect(second.status).toBe(200)
  expect(second.body.refreshToken).not.toBe(first.refreshToken)
  expect(decodeJwt(second.body.accessToken)).toMatchObject({
    name: 'Alice the Great',
    role: 'operator',
    sid: sidOf(first.accessToken),
  })
  const third = await world.refresh(second.body.refreshToken)
  expect(third.status).toBe(200)
})

test('50 parallel refreshes of one token, through two processes: one family, one successor, no fork', async () => {
  const { refreshToken } = await world.signIn(world.people.add())
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => world.refresh(refreshToken, i % 2 ? other : world.url)),
  )
  expect(answers.map((a) => a.status)).toEqual(answers.map(() => 200))
  const successors = new Set(answers.map((a) => a.body.refreshToken))
  expect(successors.size).toBe(1)
  const [successor] = [...successors] as [string]
  expect((await world.refresh(successor)).status).toBe(200)
})

test('a retry within 10 s gets the same successor; the token before that one ends the family', async () => {
  const { refreshToken: first } = await world.signIn(world.people.add())
  const second = (await world.refresh(first)).body.refreshToken
  expect((await world.refresh(first)).body.refreshToken).toBe(second)
  const third = (await world.refresh(second)).body.refreshToken
  expect((await world.refresh(second)).body.refreshToken).toBe(third)
  const stale = await world.refresh(first)
  expect([stale.status, stale.code]).toEqual([401, 'TOKEN_REUSED'])
  expect((await world.refresh(third)).code).toBe('TOKEN_REUSED')
})

test('after the grace the used token is stolen goods: the family is dead everywhere within a second, others live', async () => {
  const person = world.people.add()
  const elsewhere = await world.signIn(person)
  const stolen = await world.signIn(person)
  const { body: current } = await world.refresh(stolen.refreshToken)
  // The grace is the life of this key; ten seconds pass.
  await world.redis.del(`${sessionKey(person.id, sidOf(stolen.accessToken))}:successor`)
  for (const at of [world.url, other]) expect((await world.me(current.accessToken, at)).status).toBe(200)

  expect((await world.refresh(stolen.refreshToken)).code).toBe('TOKEN_REUSED')
  await vi.waitFor(async () => {
    for (const at of [world.url, other])
      for (const { accessToken } of [stolen, current]) expect((await world.me(accessToken, at)).status).toBe(401)
  }, soon)
  expect((await world.refresh(current.refreshToken)).code).toBe('TOKEN_REUSED')
  expect((await world.me(elsewhere.accessToken)).status).toBe(200)
  expect((await world.refresh(elsewhere.refreshToken)).status).toBe(200)
})

test('the successor of the grace is kept for 10 seconds, encrypted; tokens only as hashes', async () => {
  const person = world.people.add()
  const first = await world.signIn(person)
  const { body: second } = await world.refresh(first.refreshToken)
  const key = sessionKey(person.id, sidOf(first.accessToken))
  const left = await world.redis.pttl(`${key}:successor`)
  expect(left).toBeGreaterThan(5000)
  expect(left).toBeLessThanOrEqual(10_000)
  const kept = JSON.stringify([await world.redis.hgetall(key), await world.redis.get(`${key}:successor`)])
  for (const token of [first.refreshToken, second.refreshToken]) expect(kept).not.toContain(token)
})

test('a token that nobody gave out ends nothing', async () => {
  const person = world.people.add()
  const { refreshToken } = await world.signIn(person)
  const bytes = Buffer.from(refreshToken, 'base64url')
  for (const at of [0, 20, 40, 79]) {
    const forged = Buffer.from(bytes)
    forged[at]! ^= 1
    const answer = await world.refresh(forged.toString('base64url'))
    expect([answer.status, answer.code]).toEqual([401, 'UNAUTHORIZED'])
  }
  for (const text of ['x', 'é'.repeat(107), 'A'.repeat(107), `${refreshToken.slice(0, -1)}~`])
    expect((await world.refresh(text)).status).toBe(401)
  expect((await world.refresh(refreshToken)).status).toBe(200)
})

test('a refresh token is no access token, and the other way round', async () => {
  const tokens = await world.signIn(world.people.add())
  expect((await world.me(tokens.refreshToken)).status).toBe(401)
  expect((await world.refresh(tokens.accessToken.slice(0, 200))).status).toBe(401)
})

test('sessions slide for 7 days and end after 30', async () => {
  const person = world.people.add()
  const tokens = await world.signIn(person)
  const key = sessionKey(person.id, sidOf(tokens.accessToken))
  const day = 86_400_000
  expect(Math.round((await world.redis.pttl(key)) / day)).toBe(7)
  await world.redis.hset(key, 'createdAt', Date.now() - 28 * day)
  await world.redis.pexpire(key, day)
  const second = (await world.refresh(tokens.refreshToken)).body
  expect(Math.round((await world.redis.pttl(key)) / day)).toBe(2)
  await world.redis.hset(key, 'createdAt', Date.now() - 30 * day - 1000)
  expect((await world.refresh(second.refreshToken)).code).toBe('UNAUTHORIZED')
})

test('logout ends the session and is felt by another process within a second', async () => {
  const person = world.people.add()
  const [tokens, elsewhere] = [await world.signIn(person), await world.signIn(person)]
  expect((await world.me(tokens.accessToken, other)).status).toBe(200)
  const left = await world.ask('POST', '/api/auth/logout', { token: tokens.accessToken })
  expect([left.status, left.text]).toEqual([204, ''])
  expect((await world.me(tokens.accessToken)).status).toBe(401)
  await vi.waitFor(async () => expect((await world.me(tokens.accessToken, other)).status).toBe(401), soon)
  expect((await world.refresh(tokens.refreshToken)).code).toBe('UNAUTHORIZED')
  expect((await world.me(elsewhere.accessToken)).status).toBe(200)
})

test('on Lambda, where nothing is remembered, logout is felt by the very next request', async () => {
  const handler = lambda(auth, world.env, { log: testLog('auth') }) as Handler
  const { accessToken, refreshToken } = await world.signIn(world.people.add())
  const me = async () => {
    const headers = { authorization: `Bearer ${accessToken}` }
    return (await throughLambda(handler, 'auth', { path: '/api/auth/me', init: { method: 'GET', headers } })).status
  }
  expect(await me()).toBe(200)
  await world.ask('POST', '/api/auth/logout', { token: accessToken })
  expect(await me()).toBe(401)
  expect((await world.refresh(refreshToken)).status).toBe(401)
})

test('sessions are listed with device, address and last use, and can be ended one by one or all others', async () => {
  const person = world.people.add()
  const phone = await world.signIn(person, { headers: { 'user-agent': 'Phone', 'x-forwarded-for': '203.0.113.9' } })
  const laptop = await world.signIn(person, { headers: { 'user-agent': 'Laptop' } })
  const tablet = await world.signIn(person)
  const all = await world.ask('GET', '/api/auth/sessions', { token: laptop.accessToken })
  const items = all.body['items'] as { id: string; device: string; address: string; current: boolean }[]
  expect(items.map((s) => s.id)).toEqual([tablet, laptop, phone].map((t) => sidOf(t.accessToken)))
  expect(items.map((s) => s.current)).toEqual([false, true, false])
  expect(items[2]).toMatchObject({ device: 'Phone', address: '203.0.113.9', lastUsedAt: expect.stringMatching(/Z$/) })

  const first = await world.ask('GET', '/api/auth/sessions?limit=2', { token: laptop.accessToken })
  const cursor = encodeURIComponent(first.body['nextCursor'] as string)
  const rest = await world.ask('GET', `/api/auth/sessions?limit=2&cursor=${cursor}`, { token: laptop.accessToken })
  expect(rest.body).toMatchObject({ items: [{ id: sidOf(phone.accessToken) }], nextCursor: null })

  const path = `/api/auth/sessions/${sidOf(phone.accessToken)}`
  const stranger = await world.signIn(world.people.add())
  expect((await world.ask('DELETE', path, { token: stranger.accessToken })).status).toBe(404)
  expect((await world.ask('DELETE', path, { token: laptop.accessToken })).status).toBe(204)
  expect((await world.me(phone.accessToken)).status).toBe(401)
  expect((await world.ask('DELETE', path, { token: laptop.accessToken })).status).toBe(404)
  expect((await world.ask('DELETE', '/api/auth/sessions', { token: laptop.accessToken })).status).toBe(204)
  expect((await world.me(tablet.accessToken)).status).toBe(401)
  expect((await world.refresh(tablet.refreshToken)).status).toBe(401)
  expect((await world.me(laptop.accessToken)).status).toBe(200)
})

test('a person has 50 sessions at most; the one unused for longest makes room, its tokens with it', async () => {
  const person = world.people.add()
  const first = await world.signIn(person)
  for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 10 }, () => world.signIn(person)))
  expect(await world.redis.zcard(sessionsKey(person.id))).toBe(50)
  expect((await world.me(first.accessToken)).status).toBe(401)
  expect((await world.refresh(first.refreshToken)).status).toBe(401)
})

test('a blocked person gets no session, no refresh and no ticket, whatever was read before', async () => {
  const person = world.people.add()
  const tokens = await world.signIn(person)
  await world.running.base.revocations.block(person.id)
  const answers = [
    await world.ask('POST', '/api/auth/login', { body: { email: person.email, password } }),
    await world.refresh(tokens.refreshToken),
    await world.ask('POST', '/api/auth/ticket', { token: tokens.accessToken }),
  ]
  expect(answers.map((a) => a.status)).toEqual([403, 403, 403])
  await world.running.base.revocations.unblock(person.id)
  expect((await world.refresh(tokens.refreshToken)).status).toBe(200)
})

test('suspending ends every session and token of a person within a second, everywhere', async () => {
  const person = world.people.add()
  const [a, b] = [await world.signIn(person), await world.signIn(person, { at: other })]
  await world.running.base.revocations.revoke({ sub: person.id })
  await vi.waitFor(async () => {
    for (const at of [world.url, other])
      for (const { accessToken } of [a, b]) expect((await world.me(accessToken, at)).status).toBe(401)
  }, soon)
  for (const { refreshToken } of [a, b]) expect((await world.refresh(refreshToken)).status).toBe(401)
  expect((await world.me((await world.signIn(person)).accessToken)).status).toBe(200)
})

test('a changed role ends the access tokens alone: the next refresh brings the new one', async () => {
  const person = world.people.add({ role: 'admin' })
  const tokens = await world.signIn(person)
  world.people.people.set(person.id, { ...person, role: 'user' })
  await world.running.base.revocations.follow(person.id, { status: 'active', version: 1 })
  expect((await world.me(tokens.accessToken)).status).toBe(401)
  const next = await world.refresh(tokens.refreshToken)
  expect((await world.me(next.body.accessToken)).body).toMatchObject({ role: 'user' })
})

test('a role that changes between its reading and the signing of the token ends that token too', async () => {
  const person = world.people.add({ role: 'admin' })
  const tokens = await world.signIn(person)
  const { revocations } = world.running.base
  const map = world.people.people
  const read = map.get.bind(map)
  // The standing is read, and before the answer arrives the role changes and is made known.
  map.get = (id) => {
    const before = read(id)
    if (before?.id === person.id) void revocations.follow(person.id, { status: 'active', version: 1 })
    return before
  }
  const late = await world.refresh(tokens.refreshToken)
  map.get = read
  await vi.waitFor(async () => expect((await world.me(late.body.accessToken)).status).toBe(401), soon)
})

test('who proved an old password while all sessions were ended gets no session by it', async () => {
  const person = world.people.add()
  const map = world.people.people
  const read = map.values.bind(map)
  // The old password is found right; the person changes it, and all sessions are ended, before the answer arrives.
  map.values = () => {
    void world.running.base.revocations.revoke({ sub: person.id })
    return read()
  }
  const late = await world.ask('POST', '/api/auth/login', { body: { email: person.email, password } })
  map.values = read
  expect([late.status, await world.redis.zcard(sessionsKey(person.id))]).toEqual([401, 0])
  expect((await world.me((await world.signIn(person)).accessToken)).status).toBe(200)
})

test('the account of a session is deleted: refresh ends it', async () => {
  const person = world.people.add()
  const tokens = await world.signIn(person)
  world.people.people.delete(person.id)
  expect((await world.refresh(tokens.refreshToken)).status).toBe(401)
  expect((await world.me(tokens.accessToken)).status).toBe(401)
  expect(await world.redis.exists(sessionKey(person.id, sidOf(tokens.accessToken)))).toBe(0)
})

test('a ticket is redeemed once, by any service, for the person who asked', async () => {
  const person = world.people.add()
  const { accessToken } = await world.signIn(person)
  const answer = await world.ask('POST', '/api/auth/ticket', { token: accessToken })
  expect(answer.body).toEqual({ ticket: expect.stringMatching(/^[\w-]{64}$/), expiresIn: 30 })
  const { auth } = world.running.base
  const redeemed = await auth.ticket(answer.body['ticket'] as string)
  expect(redeemed).toMatchObject({ kind: 'person', id: person.id, sid: sidOf(accessToken) })
  await expect(auth.ticket(answer.body['ticket'] as string)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
})

test.each([
  ['an unknown field', { email: 'a@example.com', password, remember: true }],
  ['no password', { email: 'a@example.com' }],
  ['an address that is none', { email: 'a', password }],
  ['wrong types', { email: 1, password: [] }],
  ['U+0000', { email: 'a@example.com', password: 'a\u0000b' }],
])('bad input is 400: %s', async (_, body) => {
  const answer = await world.ask('POST', '/api/auth/login', { body })
  expect([answer.status, answer.code]).toEqual([400, 'VALIDATION_ERROR'])
})

test('ids of sessions that are none are 404', async () => {
  const { accessToken: token } = await world.signIn(world.people.add())
  for (const id of ['x', newId(), '%00'])
    expect((await world.ask('DELETE', `/api/auth/sessions/${id}`, { token })).status).toBe(404)
})
