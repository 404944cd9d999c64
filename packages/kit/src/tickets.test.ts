import { startRedis } from '@wealist/dev/redis'
import { testLog } from '@wealist/dev/testing/log'
import { testRedis } from '@wealist/dev/testing/redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from './actor.ts'
import { newId } from './ids.ts'
import { openRedis, ready } from './redis.ts'
import { blockedKey, sessionKey } from './revocations.redis.ts'
import { tokenIdAt } from './token-time.ts'
import { openTickets } from './tickets.ts'

const log = testLog()
const at = testRedis()
const redis = openRedis({ ...at, log })
let confirmed = true
const tickets = openTickets({ redis, revocations: { confirmed: () => confirmed }, clock: Date })
beforeAll(async () => void (await ready(redis)))
afterAll(() => redis.disconnect())

const signedIn = async (): Promise<Person> => {
  const now = Math.floor(Date.now() / 1000)
  const person: Person = {
    kind: 'person',
    id: newId(),
    email: 'alice@example.com',
    name: 'Alice',
    role: 'user',
    sid: newId(),
    jti: tokenIdAt(Date.now()),
    iat: now,
    exp: now + 900,
  }
  await redis.hset(sessionKey(person.id, person.sid), 'current', 'hash')
  return person
}
const spent = { code: 'UNAUTHORIZED' }

test('a ticket gives its person once, also to 20 who try at the same time', async () => {
  const person = await signedIn()
  const ticket = await tickets.issueTicket(person)
  const tries = await Promise.allSettled(Array.from({ length: 20 }, () => tickets.ticket(ticket)))
  const won = tries.filter((t) => t.status === 'fulfilled')
  expect(won.map((t) => t.value)).toEqual([person])
  await expect(tickets.ticket(ticket)).rejects.toMatchObject(spent)
})

test('a ticket lies in Redis hashed, for 30 seconds', async () => {
  const person = await signedIn()
  const ticket = await tickets.issueTicket(person)
  const [key] = (await redis.keys(`${at.prefix}ticket:{${person.id}}:*`)) as [string]
  expect(key).not.toContain(ticket)
  expect(await redis.pttl(key.slice(at.prefix.length))).toBeLessThanOrEqual(30_000)
  expect(await redis.pttl(key.slice(at.prefix.length))).toBeGreaterThan(25_000)
})

test('no ticket for an ended session, a blocked person, or while revocations are not confirmed', async () => {
  const ended = await signedIn()
  await redis.del(sessionKey(ended.id, ended.sid))
  await expect(tickets.issueTicket(ended)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  const person = await signedIn()
  await redis.set(blockedKey(person.id), '1')
  await expect(tickets.issueTicket(person)).rejects.toMatchObject({ code: 'ACCOUNT_SUSPENDED' })
  await redis.del(blockedKey(person.id))
  confirmed = false
  await expect(tickets.issueTicket(person)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  confirmed = true
  await expect(tickets.issueTicket(person)).resolves.toMatch(/^[\w-]{64}$/)
})

test('a ticket of a token that has run out is spent', async () => {
  const person = await signedIn()
  const ticket = await tickets.issueTicket({ ...person, exp: Math.floor(Date.now() / 1000) - 1 })
  await expect(tickets.ticket(ticket)).rejects.toMatchObject(spent)
})

test.each(['', 'x', '*'.repeat(64), 'A'.repeat(64), 'A'.repeat(10_000)])(
  'what is no ticket is refused: %.20s',
  async (ticket) => {
    await expect(tickets.ticket(ticket)).rejects.toMatchObject(spent)
  },
)

test('while Redis is away giving and taking is 503, at once', async () => {
  const server = await startRedis()
  const gone = openRedis({ url: server.url, prefix: '', log })
  await ready(gone)
  const stopping = server.stop()
  gone.disconnect(true)
  await stopping
  const lost = openTickets({ redis: gone, revocations: { confirmed: () => true }, clock: Date })
  const start = Date.now()
  await expect(lost.ticket('A'.repeat(64))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await expect(lost.issueTicket(await signedIn())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(Date.now() - start).toBeLessThan(2500)
  gone.disconnect()
})
