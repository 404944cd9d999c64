import { cutOff } from '@wealist/dev/testing/redis'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { testRedis } from '@wealist/dev/testing/redis'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { newId } from '../ids.ts'
import { presenceOf } from './presence.fixture.ts'
import { openHeard } from './presence.heard.ts'
import { changes, named } from './presence.ts'
import { openSaid } from './presence.said.ts'
import { virtualTime } from './simulation.time.ts'
import { realTiming } from './timing.ts'

type Process = Awaited<ReturnType<typeof presenceOf>>
const redis = testRedis()
let here: Process
let there: Process
let place: string
beforeEach(async () => {
  ;[here, there] = await Promise.all([presenceOf(redis), presenceOf(redis)])
  place = `project:${newId()}`
})
afterEach(() => Promise.all([here.close(), there.close()]))

const last = ({ told }: Process) => JSON.parse(told.at(-1)?.text ?? 'null') as unknown
const frame = (...userIds: string[]) => ({
  type: 'presence',
  payload: { userIds: userIds.toSorted(), count: userIds.length },
})
const heard = (process: Process, ...userIds: string[]) =>
  vi.waitFor(() => expect(last(process)).toEqual(frame(...userIds)), { timeout: 10_000, interval: 10 })

test('whoever comes and goes in one process is heard in both, and one who comes is told who is there', async () => {
  const [ann, bob] = [newId(), newId()]
  for (const process of [here, there]) process.hear(place, named)
  const entry = here.enter(place, ann)
  await Promise.all([heard(here, ann), heard(there, ann)])
  const other = there.enter(place, bob)
  await Promise.all([heard(here, ann, bob), heard(there, ann, bob)])
  expect(JSON.parse(there.current(place)!.text)).toEqual(frame(ann, bob))
  expect(await here.people(place)).toEqual(new Map([ann, bob].map((id) => [id, 'online'])))
  entry.leave()
  entry.leave()
  await Promise.all([heard(here, bob), heard(there, bob)])
  other.leave()
  await Promise.all([heard(here), heard(there)])
  expect(await there.redis.exists(`presence:{${place}}`)).toBe(0)
})

test('a person is there while any tab of theirs is, on whichever process; back within the moment was not away', async () => {
  const [ann, bob] = [newId(), newId()]
  here.hear(place, named)
  const tabs = [here.enter(place, ann), here.enter(place, ann), there.enter(place, ann)]
  here.enter(place, bob)
  await heard(here, ann, bob)
  tabs[0]!.leave()
  tabs[2]!.leave()
  await setTimeout(500)
  tabs[1]!.leave()
  const again = here.enter(place, ann)
  await setTimeout(500)
  expect(here.told.map(({ text }) => JSON.parse(text) as unknown)).not.toContainEqual(frame(bob))
  again.leave()
  await heard(here, bob)
})

test('a process that is killed takes its people along within the expiry, and nobody else', async () => {
  const [ann, bob, cem] = [newId(), newId(), newId()]
  here.hear(place, named)
  for (const id of [ann, bob]) here.enter(place, id)
  const fixture = new URL('presence.fixture.ts', import.meta.url).pathname
  const [mine, also] = [bob, cem].map((id) =>
    spawn(process.execPath, [fixture, redis.url, redis.prefix, place, id], { stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  await Promise.all([mine, also].map((child) => once(child!.stdout!, 'data')))
  await heard(here, ann, bob, cem)
  const before = here.told.length
  for (const child of [mine, also]) child!.kill('SIGKILL')
  await heard(here, ann, bob)
  // Those who live are said again and again, and nothing is told of it.
  await setTimeout(1500)
  expect(here.told.slice(before).map(({ text }) => JSON.parse(text) as unknown)).toEqual([frame(ann, bob)])
})

test('a crowd that comes and goes costs a frame each 200 ms; 200 are named, all are counted', async () => {
  here.hear(place, named)
  const crowd = Array.from({ length: 300 }, () => newId())
  const entries = []
  for (const id of crowd) {
    entries.push(there.enter(place, id))
    await setTimeout(2)
  }
  await vi.waitFor(() => expect(last(here)).toMatchObject({ payload: { count: 300 } }), { timeout: 10_000 })
  expect((last(here) as ReturnType<typeof frame>).payload.userIds).toEqual(crowd.toSorted().slice(0, 200))
  const times = here.told.map(({ at }) => at)
  for (const [i, at] of times.slice(1).entries()) expect(at - times[i]!).toBeGreaterThan(150)
  for (const entry of entries) entry.leave()
  await heard(here)
})

test('away where no connection is online; what changed is told, and when they were last there is known', async () => {
  const [ann, bob] = [newId(), newId()]
  here.hear(place, changes)
  const told = () => here.told.map(({ text }) => (JSON.parse(text) as { payload: unknown }).payload)
  const soon = (payload: object) => vi.waitFor(() => expect(told().at(-1)).toEqual(payload), { timeout: 10_000 })
  const [one, two] = [here, there].map((process) => process.enter(place, ann, { lastSeen: true }))
  await soon({ people: [{ userId: ann, state: 'online' }], whole: false })
  const bobs = there.enter(place, bob)
  await soon({ people: [{ userId: bob, state: 'online' }], whole: false })
  one!.stand('away')
  await setTimeout(400)
  two!.stand('away')
  await soon({ people: [{ userId: ann, state: 'away' }], whole: false })
  bobs.stand('away')
  bobs.stand('online')
  const { payload } = JSON.parse(here.current(place)!.text) as { payload: { people: unknown[]; whole: boolean } }
  expect(payload).toMatchObject({ whole: true, people: expect.arrayContaining([{ userId: bob, state: 'online' }]) })
  for (const entry of [one, two]) entry!.leave()
  await soon({ people: [{ userId: ann, state: 'offline' }], whole: false })
  const seen = await here.lastSeen(place, [ann, newId()])
  expect([...seen.keys()]).toEqual([ann])
  expect(Date.now() - seen.get(ann)!).toBeLessThan(3000)
})

test('a process that ends in order takes its people along, long before they expire', async () => {
  const [ann, bob] = [newId(), newId()]
  const leaving = await presenceOf(redis, 60_000)
  here.hear(place, named)
  here.enter(place, ann)
  leaving.enter(place, bob)
  await heard(here, ann, bob)
  await leaving.close()
  await heard(here, ann)
  expect(last(here)).toEqual(frame(ann))
})

test('what Redis forgot is said anew by every process', async () => {
  const [ann, bob] = [newId(), newId()]
  here.hear(place, named)
  here.enter(place, ann)
  there.enter(place, bob)
  await heard(here, ann, bob)
  await there.redis.del(`presence:{${place}}`)
  await setTimeout(300)
  expect([...(await here.people(place)).keys()].toSorted()).toEqual([ann, bob].toSorted())
})

test('while Redis is away nothing is said and nothing breaks; what happened meanwhile is known when it is back', async () => {
  const [ann, bob, cem] = [newId(), newId(), newId()]
  here.hear(place, named)
  const entry = here.enter(place, ann)
  there.enter(place, bob)
  await heard(here, ann, bob)
  await cutOff(here.redis)
  const before = here.told.length
  entry.leave()
  here.enter(place, cem)
  await setTimeout(1200)
  expect(here.told.length).toBe(before)
  await expect(here.people(place)).rejects.toThrow('closed')
  await here.redis.connect()
  await heard(here, bob, cem)
})

test('places are said again some at a time, each in its turn, and not all of them in one moment', async () => {
  const places = Array.from({ length: 100 }, () => `project:${newId()}`)
  for (const one of places) here.enter(one, newId())
  await vi.waitFor(async () => expect((await here.people(places[99]!)).size).toBe(1), { timeout: 5000 })
  const said: string[][] = []
  let moment: string[] | undefined
  vi.spyOn(here.redis, 'zadd').mockImplementation(((key: string) => {
    if (!moment) {
      said.push((moment = []))
      setImmediate(() => (moment = undefined))
    }
    moment.push(key)
    return Promise.resolve(1)
  }) as never)
  await vi.waitFor(() => expect(said.length).toBeGreaterThan(41), { timeout: 5000 })
  // In the first moment not all of its part may be due.
  said.shift()
  expect(said.slice(0, 40).map((keys) => keys.length)).toEqual(Array(40).fill(5))
  expect(new Set(said.slice(0, 20).flat()).size).toBe(100)
  expect(said.slice(20, 40).flat()).toEqual(said.slice(0, 20).flat())
})

/** What is said to Redis, on a clock of its own. */
const saying = () => {
  const time = virtualTime(() => 0.5)
  const begun = time.now()
  const said: { key: string; at: number }[] = []
  let lost = 0
  const redis = {
    zadd: async (key: string) => {
      said.push({ key, at: time.now() - begun })
      if (lost-- > 0) throw new Error('lost')
    },
    zrem: async () => 0,
    zremrangebyscore: async () => 0,
    pexpireat: async () => 1,
  } as never
  const bus = { publish: () => undefined } as never
  const { enter } = openSaid({ redis, bus, timing: time, offer: () => undefined })
  return { time, said, enter, lose: (n: number) => (lost = n) }
}

test('a place alone is said again when it is due, not with every part, and soon where that was lost', async () => {
  const { time, said, enter, lose } = saying()
  enter(place, newId())
  await time.run(40_500)
  lose(2)
  await time.run(20_000)
  expect(said.map(({ at }) => at)).toEqual([50, 10_000, 20_000, 30_000, 40_000, 50_000, 51_000, 52_000])
})

test('of many places that are due, the one whose saying was lost is said first', async () => {
  const { time, said, enter, lose } = saying()
  for (let i = 0; i < 40; i++) enter(`project:${i}`, newId())
  await time.run(9500)
  said.length = 0
  lose(1)
  await time.run(2000)
  expect(said.map(({ key }) => key)).toEqual([0, 1, 0, 2].map((i) => `presence:{project:${i}}`))
})

test('a clock that is set back does not keep who is there from being read', async () => {
  let [setBack, reads] = [0, 0]
  let nudge = () => undefined as void
  const heard = openHeard({
    redis: { zrangebyscore: async () => (reads++, []) } as never,
    bus: {
      subscribe: (_: string, listener: (message: string) => void) => ((nudge = () => listener('')), () => undefined),
    } as never,
    timing: { ...realTiming, now: () => Date.now() - setBack },
    offer: () => undefined,
  })
  heard.hear(place, named)
  await vi.waitFor(() => expect(reads).toBe(2), { timeout: 5000 })
  setBack = 3_600_000
  nudge()
  await vi.waitFor(() => expect(reads).toBe(3), { timeout: 2000 })
  heard.close()
})
