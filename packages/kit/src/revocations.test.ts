import { randomUUID } from 'node:crypto'
import { type EmbeddedRedis, startRedis } from '@wealist/dev/redis'
import { testLog } from '@wealist/dev/testing/log'
import { testRedis } from '@wealist/dev/testing/redis'
import { afterEach, expect, test, vi } from 'vitest'
import { newId } from './ids.ts'
import { openRedis, ready, type Redis } from './redis.ts'
import { openRevocations, type Revoked } from './revocations.ts'
import { tokenIdAt } from './token-time.ts'
import { sessionKey, sessionsKey } from './revocations.redis.ts'

const log = testLog()
const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

interface At {
  url: string
  prefix: string
}
// A process: its own connection, its own memory.
const open = async (at: At, { remember = true, clock = Date as { now(): number } } = {}) => {
  const redis = openRedis({ ...at, log })
  closing.push(() => redis.disconnect())
  await ready(redis)
  const revocations = await openRevocations({ redis, config: { REDIS_PREFIX: at.prefix }, log, clock, remember })
  closing.push(() => revocations.close())
  return { redis, revocations }
}
const embedded = async (port?: number): Promise<EmbeddedRedis> => {
  const server = await startRedis(port === undefined ? {} : { port })
  closing.push(() => void server.stop().catch(() => undefined))
  return server
}
const bearer = (more: { id?: string; sid?: string; at?: number } = {}) => ({
  id: more.id ?? newId(),
  sid: more.sid ?? newId(),
  jti: tokenIdAt(more.at ?? Date.now() - 1000),
})
const patience = { timeout: 10_000, interval: 20 }

test('a revoked session is known to another process within a second, and to one that starts later at once', async () => {
  const at = testRedis()
  const [here, there] = await Promise.all([open(at), open(at)])
  const person = bearer()
  await here.revocations.revoke({ sids: [person.sid] })
  expect(here.revocations.isRevoked(person)).toBe(true)
  await vi.waitFor(() => expect(there.revocations.isRevoked(person)).toBe(true), { ...patience, timeout: 3000 })
  const late = await open(at)
  expect(late.revocations.isRevoked(person)).toBe(true)
  expect(late.revocations.isRevoked({ ...person, sid: newId() })).toBe(false)
})

test('revoking a person ends their sessions and every token made before, and no token made after', async () => {
  const { redis, revocations } = await open(testRedis())
  const person = bearer()
  await redis.zadd(sessionsKey(person.id), 1, person.sid)
  await redis.hset(sessionKey(person.id, person.sid), 'current', 'x')
  await revocations.revoke({ sub: person.id })
  expect(await redis.exists(sessionsKey(person.id), sessionKey(person.id, person.sid))).toBe(0)
  expect(revocations.isRevoked(person)).toBe(true)
  expect(revocations.isRevoked(bearer({ id: person.id }))).toBe(true)
  const [seconds] = await redis.time()
  expect(revocations.isRevoked(bearer({ id: person.id, at: Number(seconds) * 1000 + 2000 }))).toBe(false)
})

// A person's session, as auth would have begun it now.
const begun = async (redis: Redis, id: string) => {
  // Tokens are told apart by the millisecond: neither what was before nor what comes after is of the same.
  await pause(5)
  const [sid, [seconds, micros]] = [newId(), await redis.time()]
  const at = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
  await redis.zadd(sessionsKey(id), String(at), sid)
  await pause(5)
  return { id, sid, jti: tokenIdAt(at) }
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('who stays active keeps the sessions, and only the tokens made before die', async () => {
  const { redis, revocations } = await open(testRedis())
  const id = newId()
  const before = await begun(redis, id)
  await revocations.follow(id, { status: 'active', version: 1 })
  const after = await begun(redis, id)
  expect(await redis.zcard(sessionsKey(id))).toBe(2)
  expect([before, after].map(revocations.isRevoked)).toEqual([true, false])
})

test('a standing told again, or told late, ends nothing that was begun since and blocks nobody', async () => {
  const at = testRedis()
  const [here, there] = await Promise.all([open(at), open(at)])
  const id = newId()
  const suspended = { status: 'suspended', version: 1 } as const
  const before = await begun(here.redis, id)
  await here.revocations.follow(id, suspended)
  expect(await here.redis.exists(sessionsKey(id))).toBe(0)
  expect([here.revocations.isRevoked(before), await here.revocations.isBlocked(id)]).toEqual([true, true])

  await here.revocations.follow(id, { status: 'active', version: 2 })
  const since = await begun(here.redis, id)
  for (const standing of [suspended, { status: 'active', version: 2 } as const])
    for (const { revocations } of [there, here]) await revocations.follow(id, standing)
  expect(await there.revocations.freshCheck(since)).toBe(false)
  expect(await here.redis.zrange(sessionsKey(id), '0', '-1')).toEqual([since.sid])
})

test('a standing whose telling was cut off half way is told whole by the next', async () => {
  const at = testRedis()
  const [here, there] = await Promise.all([open(at), open(at)])
  const id = newId()
  const before = await begun(here.redis, id)
  await here.revocations.follow(id, { status: 'suspended', version: 1 })
  // As if the process had ended between blocking and telling, and the block been lost.
  await here.redis.del('{revocations}', `{revocations}:sub:${id}`, `{revocations}:sid:${before.sid}`)
  await here.revocations.unblock(id)
  const late = await open(at)
  expect(late.revocations.isRevoked(before)).toBe(false)
  await there.revocations.follow(id, { status: 'suspended', version: 1 })
  await vi.waitFor(() => expect(late.revocations.isRevoked(before)).toBe(true), patience)
  expect(await late.revocations.isBlocked(id)).toBe(true)
})

test('a reason to end sessions that is told again ends none begun since, and is told whole where it was cut off', async () => {
  const at = testRedis()
  const [here, there] = await Promise.all([open(at), open(at)])
  const id = newId()
  const before = await begun(here.redis, id)
  await here.revocations.revoke({ sub: id, once: 'a change' })
  // As if the process had ended before it told anybody.
  await here.redis.del('{revocations}', `{revocations}:sub:${id}`, `{revocations}:sid:${before.sid}`)
  const since = await begun(here.redis, id)
  await there.revocations.revoke({ sub: id, once: 'a change' })
  expect([before, since].map(there.revocations.isRevoked)).toEqual([true, false])
  expect(await here.redis.zrange(sessionsKey(id), '0', '-1')).toEqual([since.sid])

  await there.revocations.revoke({ sub: id, once: 'another change' })
  expect(there.revocations.isRevoked(since)).toBe(true)
  expect(await here.redis.exists(sessionsKey(id))).toBe(0)
})

test('one token can be revoked alone', async () => {
  const { revocations } = await open(testRedis())
  const person = bearer()
  await revocations.revoke({ jti: person.jti })
  expect(revocations.isRevoked(person)).toBe(true)
  expect(revocations.isRevoked({ ...person, jti: randomUUID() })).toBe(false)
})

test('repeating a revocation adds nothing to the stream', async () => {
  const at = testRedis()
  const { redis, revocations } = await open(at)
  const { sid } = bearer()
  for (let i = 0; i < 5; i++) await revocations.revoke({ sids: [sid] })
  expect(await redis.xlen('{revocations}')).toBe(1)
})

test('a listener hears each entry once, its own and those of other processes, and cannot break the reading', async () => {
  const at = testRedis()
  const [here, there] = await Promise.all([open(at), open(at)])
  const heard: Revoked[] = []
  there.revocations.onRevoked(() => {
    throw new Error('broken')
  })
  there.revocations.onRevoked((entry) => heard.push(entry))
  const [a, b] = [newId(), newId()]
  await here.revocations.revoke({ sids: [a] })
  await there.revocations.revoke({ sids: [b] })
  await vi.waitFor(() => expect(heard.map((e) => e.sids[0]).toSorted()).toEqual([a, b].toSorted()), patience)
  await new Promise((resolve) => setTimeout(resolve, 700))
  expect(heard).toHaveLength(2)
})

test('Redis away: memory holds, after 10 s nothing is confirmed, a fresh check is 503; back and empty: it is written back', async () => {
  let now = Date.now()
  const clock = { now: () => now }
  const server = await embedded()
  const at = { url: server.url, prefix: 'p:' }
  const here = await open(at, { clock })
  const person = bearer()
  await vi.waitFor(() => here.revocations.revoke({ sids: [person.sid] }), patience)
  expect(here.revocations.confirmed()).toBe(true)

  // The embedded server waits for its connections to end, so the client's is cut; it finds nobody when it comes back.
  const stopping = server.stop()
  here.redis.disconnect(true)
  await stopping
  expect(here.revocations.isRevoked(person)).toBe(true)
  await expect(here.revocations.freshCheck(person)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await expect(here.revocations.revoke({ sids: [newId()] })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  now += 10_001
  expect(here.revocations.confirmed()).toBe(false)

  await embedded(server.port)
  const other = openRedis({ ...at, log })
  closing.push(() => other.disconnect())
  await vi.waitFor(async () => expect(await other.xlen('{revocations}')).toBe(1), patience)
  const late = await open(at)
  expect(late.revocations.isRevoked(person)).toBe(true)
  await vi.waitFor(() => expect(here.revocations.confirmed()).toBe(true), patience)
  expect(here.revocations.isRevoked(person)).toBe(true)
})

test('a data set that vanished without the connection breaking is noticed, and what is known is written back', async () => {
  const server = await embedded()
  const at = { url: server.url, prefix: 'p:' }
  const here = await open(at)
  const old = bearer()
  await here.revocations.revoke({ sids: [old.sid] })
  await here.redis.flushall()
  const person = bearer()
  const there = await open(at)
  await there.revocations.revoke({ sids: [person.sid] })
  await vi.waitFor(() => expect(here.revocations.isRevoked(person)).toBe(true), patience)
  await vi.waitFor(() => expect(there.revocations.isRevoked(old)).toBe(true), patience)
})

test('on Lambda nothing is remembered: each check reads what Redis says now', async () => {
  const at = testRedis()
  const [resident, frozen] = await Promise.all([open(at), open(at, { remember: false })])
  const person = bearer()
  expect(await frozen.revocations.check(person)).toBe(false)
  await resident.revocations.revoke({ sub: person.id })
  expect(frozen.revocations.isRevoked(person)).toBe(false)
  expect(await frozen.revocations.check(person)).toBe(true)
  expect(await frozen.revocations.check(bearer())).toBe(false)
})

test('a blocked person fails a fresh check until the block is lifted', async () => {
  const { revocations } = await open(testRedis())
  const person = bearer()
  await revocations.block(person.id)
  expect(await revocations.isBlocked(person.id)).toBe(true)
  expect(await revocations.freshCheck(person)).toBe(true)
  await revocations.unblock(person.id)
  expect(await revocations.freshCheck(person)).toBe(false)
})

test('an entry dies with the longest token that it concerns, in memory and in Redis', async () => {
  let now = Date.now()
  const at = testRedis()
  const here = await open(at, { clock: { now: () => now } })
  const person = bearer()
  await here.revocations.revoke({ sids: [person.sid] })
  const keys = await here.redis.keys(`${at.prefix}{revocations}:sid:*`)
  expect(keys).toHaveLength(1)
  const left = await here.redis.pttl(keys[0]!.slice(at.prefix.length))
  expect(left).toBeGreaterThan(900_000)
  expect(left).toBeLessThanOrEqual(960_000)
  now += 961_000
  await vi.waitFor(() => expect(here.revocations.isRevoked(person)).toBe(false), patience)
})
