import { randomBytes, randomUUID } from 'node:crypto'
import { internal } from '@wealist/contract/user'
import { testLog } from '@wealist/dev/testing/log'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Bus, openBus } from './bus.ts'
import { unavailable } from './errors.ts'
import { type Membership, type Memberships, openMembership } from './membership.ts'
import { publishMembership } from './membership.publish.ts'
import { watchMembership } from './membership.watch.ts'
import type { Call } from './peer.ts'

const log = testLog()
const prefix = `test-${randomBytes(6).toString('hex')}:`
const redis = new Redis(process.env['TEST_REDIS_URL']!, { keyPrefix: prefix, maxRetriesPerRequest: 0 })
const closers: (() => unknown)[] = []
afterAll(() => redis.disconnect())

// The owner: what user-service would answer, and how often it was asked.
let owner: { answer: Membership; asked: number; gate: Promise<void>; away: boolean }
let now: number
let workspace: string
const person = randomUUID()
// In no workspace, whoever else is.
const stranger = randomUUID()
beforeEach(() => {
  owner = { answer: { role: 'member', version: 3 }, asked: 0, gate: Promise.resolve(), away: false }
  now = 1_000_000
  workspace = randomUUID()
})
afterEach(() => Promise.all(closers.splice(0).map((close) => close())))

const call = (async (_: string, route: unknown, { body }: { body?: { ids: string[] } }) => {
  owner.asked++
  if (owner.away) throw unavailable('user could not answer.')
  const { role, version } = owner.answer
  await owner.gate
  if (route !== internal.memberships) return { role, version }
  if (body!.ids.length > 200) throw new Error('more than user-service takes')
  return { version, items: role ? body!.ids.filter((id) => id !== stranger).map((userId) => ({ userId, role })) : [] }
}) as unknown as Call

// One process of a service: a bus and a cache of its own.
const running = (options: { remember?: boolean; connection?: Redis } = {}): Memberships & { bus: Bus } => {
  const connection = options.connection ?? redis
  const bus = openBus({ redis: connection, prefix, log })
  const { remember = true } = options
  const memberships = openMembership({ redis: connection, bus, call, log, clock: { now: () => now }, remember })
  closers.push(() => memberships.close(), bus.close)
  return { ...memberships, bus }
}
const gate = () => {
  let open!: () => void
  owner.gate = new Promise((resolve) => (open = resolve))
  return open
}
const change = (role: Membership['role']) => {
  owner.answer = { role, version: owner.answer.version + 1 }
  return publishMembership(redis, { workspaceId: workspace, version: owner.answer.version })
}
const subscribed = (processes: number) =>
  eventually(async () =>
    expect(await redis.pubsub('NUMSUB', `${prefix}membership`)).toEqual([`${prefix}membership`, processes]),
  )
const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 10 })

test('user-service is asked once, and the answer serves other processes for its time', async () => {
  const [a, b] = [running(), running()]
  const answers = await Promise.all([a.of(workspace, person), a.of(workspace, person), a.of(workspace, person)])
  expect(answers).toEqual(Array(3).fill(expect.objectContaining({ role: 'member', version: 3 })))
  expect(await b.of(workspace, person)).toMatchObject({ role: 'member', version: 3 })
  expect(await running({ remember: false }).of(workspace, person)).toMatchObject({ role: 'member' })
  expect(owner.asked).toBe(1)
})

test('of many people those who are known are not asked about, and all others at once', async () => {
  const [a, b] = [running(), running()]
  const people = Array.from({ length: 150 }, () => randomUUID())
  await a.of(workspace, person)
  const asked = [person, ...people, stranger, person]
  const answers = await a.among(workspace, asked)
  expect(owner.asked).toBe(2)
  expect(answers.size).toBe(152)
  expect(answers.get(stranger)).toMatchObject({ role: null, version: 3 })
  expect([...answers].filter(([, m]) => m.role !== 'member').map(([id]) => id)).toEqual([stranger])
  // Another process has them all from Redis, this one from its copies.
  const roles = (of: typeof answers) => new Map([...of].map(([id, { role }]) => [id, role] as const))
  expect(roles(await b.among(workspace, asked))).toEqual(roles(answers))
  expect(await b.of(workspace, people[7]!)).toMatchObject({ role: 'member', version: 3 })
  await a.among(workspace, asked)
  expect(owner.asked).toBe(2)
  expect((await a.among(workspace, [])).size).toBe(0)
  await running({ remember: false }).among(workspace, [...people, ...Array.from({ length: 250 }, () => randomUUID())])
  expect(owner.asked).toBe(4)
})

test('the answers about many are as fresh as one: a published change counts, a slow refill does not', async () => {
  const a = running()
  await subscribed(1)
  const others = [randomUUID(), randomUUID()]
  const open = gate()
  const slow = a.among(workspace, [person, ...others])
  await eventually(() => expect(owner.asked).toBe(1))
  // Who asks for one of them meanwhile waits for the same answer.
  const alone = a.of(workspace, others[0]!)
  await change(null)
  open()
  expect([...(await slow).values()].map((m) => m.role)).toEqual([null, null, null])
  expect((await alone).role).toBe(null)
  expect(owner.asked).toBe(2)
  await change('admin')
  await eventually(async () => expect((await a.among(workspace, others)).get(others[0]!)?.role).toBe('admin'))
  now += 999
  a.bus.close()
  await subscribed(0)
  await change(null)
  expect((await a.among(workspace, others, { fresh: true })).get(others[1]!)?.role).toBe(null)
})

test('"not a member" is an answer too', async () => {
  owner.answer = { role: null, version: 3 }
  const [a, b] = [running(), running()]
  expect(await a.of(workspace, person)).toMatchObject({ role: null, version: 3 })
  expect(await b.of(workspace, person)).toMatchObject({ role: null, version: 3 })
  expect(owner.asked).toBe(1)
  await expect(a.require(workspace, person)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a change that is published is felt at once in every process', async () => {
  const [a, b] = [running(), running()]
  await a.of(workspace, person)
  await b.of(workspace, person)
  await eventually(async () =>
    expect(await redis.pubsub('NUMSUB', `${prefix}membership`)).toEqual([`${prefix}membership`, 2]),
  )
  expect(await change(null)).toBe(true)
  await eventually(async () => expect((await a.of(workspace, person)).role).toBe(null))
  await eventually(async () => expect((await b.of(workspace, person)).role).toBe(null))
  expect(owner.asked).toBe(2)
})

test('a process that hears nothing of a change believes its copy for a second and no longer', async () => {
  const a = running()
  await a.of(workspace, person)
  a.bus.close()
  await subscribed(0)
  await change(null)
  now += 999
  expect((await a.of(workspace, person)).role).toBe('member')
  expect((await a.of(workspace, person, { fresh: true })).role).toBe(null)
  now += 1
  expect((await a.of(workspace, person)).role).toBe(null)
})

test('a clock that is set back does not make a copy live longer', async () => {
  const a = running()
  await a.of(workspace, person)
  a.bus.close()
  await subscribed(0)
  await change(null)
  now -= 3_600_000
  expect((await a.of(workspace, person)).role).toBe(null)
})

test('a slow refill does not bring back what was taken away', async () => {
  const a = running()
  const open = gate()
  const slow = a.of(workspace, person)
  await eventually(() => expect(owner.asked).toBe(1))
  await change(null)
  open()
  // The answer was made before the change, and arrives after it.
  expect((await slow).role).toBe(null)
  expect((await running().of(workspace, person)).role).toBe(null)
  expect((await a.of(workspace, person)).role).toBe(null)
  expect(owner.asked).toBe(2)
})

test('a refill that read before a change cannot overwrite one that read after it', async () => {
  const open = gate()
  const slow = running({ remember: false }).of(workspace, person)
  await eventually(() => expect(owner.asked).toBe(1))
  owner.answer = { role: null, version: 4 }
  owner.gate = Promise.resolve()
  // Nothing was published: the bump is lost, only a second refill knows of version 4.
  expect((await running({ remember: false }).of(workspace, person)).role).toBe(null)
  open()
  expect((await slow).role).toBe(null)
  expect((await running().of(workspace, person)).role).toBe(null)
})

test('versions only rise: a late bump of an older one changes nothing', async () => {
  await change('admin')
  await publishMembership(redis, { workspaceId: workspace, version: 2 })
  expect(await running().versions([workspace, randomUUID()])).toEqual(new Map([[workspace, 4]]))
})

test('an entry without a known version is not believed', async () => {
  await running().of(workspace, person)
  await redis.del(`membership:{${workspace}}`)
  await running().of(workspace, person)
  expect(owner.asked).toBe(2)
})

test('without Redis user-service is asked, and where it is away too the answer is 503, never a guess', async () => {
  const gone = new Redis('redis://127.0.0.1:1', { lazyConnect: true, enableOfflineQueue: false, keyPrefix: prefix })
  gone.on('error', () => undefined)
  closers.push(() => gone.disconnect())
  const a = running({ remember: false, connection: gone })
  expect(await a.of(workspace, person)).toMatchObject({ role: 'member' })
  expect(await publishMembership(gone, { workspaceId: workspace, version: 9 })).toBe(false)
  owner.away = true
  await expect(a.of(workspace, person)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await expect(a.among(workspace, [person, stranger])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  owner.away = false
  expect((await a.among(workspace, [person, stranger])).get(person)?.role).toBe('member')
})

test('a workspace that never was is nobody’s, and Redis keeps nothing of it', async () => {
  owner.answer = { role: null, version: 0 }
  expect(await running().of(workspace, person)).toMatchObject({ role: null, version: 0 })
  expect(await running().versions([workspace])).toEqual(new Map())
})

test('open sockets are decided again on a published change, and within a second on one that was not heard', async () => {
  const decided: string[] = []
  const live = { workspaces: () => [workspace], membershipChanged: (id: string) => void decided.push(id) }
  const deaf = running()
  await deaf.of(workspace, person)
  closers.push(watchMembership(deaf, live))
  await eventually(() => expect(decided).toHaveLength(1))
  deaf.bus.close()
  await subscribed(0)
  await change('admin')
  await eventually(() => expect(decided).toHaveLength(2))
  const hearing = running()
  closers.push(watchMembership(hearing, live, 3_600_000))
  await subscribed(1)
  await change('member')
  await eventually(() => expect(decided).toHaveLength(4))
})
