import { expect, test } from 'vitest'
import * as z from 'zod'
import type { Person } from '../actor.ts'
import { forbidden } from '../errors.ts'
import { newId } from '../ids.ts'
import { frameOf } from './frame.ts'
import { onFrame } from './lambda-frames.ts'
import { openLambdaLive } from './lambda-live.ts'
import * as registry from './lambda.redis.ts'
import type { Kept } from './lambda.redis.ts'
import { simulatedDatabase } from './simulation.database.ts'
import { type Ground, nobodyRenews, rightsIn } from './simulation.fleet.ts'
import { simulatedRedis } from './simulation.redis.ts'
import { chanceOf, virtualTime } from './simulation.time.ts'
import type { Socket } from './socket.ts'

// In time that passes when told, what meets in production by chance meets here each time.
const postTakes = 20
const setUp = async () => {
  const chance = chanceOf(1)
  const time = virtualTime(chance.random)
  const database = simulatedDatabase(time, chance)
  const ground: Ground = { time, chance, database, ended: new Map() }
  const store = simulatedRedis(time, chance)
  const person = { kind: 'person', id: newId(), sid: newId(), jti: newId(), exp: time.now() / 1000 + 900 } as Person
  for (const name of ['own', 'room:a']) database.create(name, [person.id])
  const raise = (to: number) => store.commands['set']!('membership:{workspace}', String(to))
  raise(1)
  const during = { authorise: () => undefined as void }
  const isMember = (topic: string) => database.topic(topic).members.has(person.id)
  const socket: Socket = {
    route: { path: '/ws/things' } as never,
    protocol: {
      topic: () => 'own',
      authorise: async () => {
        if (!isMember('own')) throw forbidden()
        during.authorise()
        return { workspaces: ['workspace'] }
      },
      rooms: {
        key: 'chatId',
        name: z.string(),
        prefix: 'room:',
        authorise: async (_, __, names) => names.filter((name) => isMember(`room:${name}`)),
      },
    },
  }
  const posted: { at: number; type: string; seq?: number; payload: Record<string, unknown> }[] = []
  const line = { gone: false }
  const posts = {
    post: async (_: string, { text }: { text: string }) => {
      await time.sleep(postTakes)
      if (line.gone) return false
      posted.push({ at: time.now(), ...JSON.parse(text) })
      return true
    },
    bye: async (_: string, code: number) => void posted.push({ at: time.now(), type: 'bye', payload: { code } }),
    close: () => undefined,
  }
  // Another function has another connection to Redis.
  const called = () => {
    const parts = {
      ...{ ...rightsIn(ground), service: 'chat' as const, sockets: [socket], clock: time, timing: time },
      ...{ redis: store.client(), posts, log: database.log, auth: nobodyRenews },
    }
    return { ...parts, live: openLambdaLive(parts) }
  }
  const kept: Kept = { id: newId(), at: time.now(), route: '/ws/things', given: {}, person }
  const say = async (type: string, payload: object = {}) => {
    const parts = called()
    const [found] = await registry.find(parts, [kept.id])
    if (found) await onFrame(parts, found, JSON.stringify({ type, payload }))
  }
  const run = async (work: Promise<unknown>, ms = 30_000) => {
    await Promise.all([work, time.run(ms)])
  }
  await run(registry.keep(called(), kept))
  const publish = (topic: string) => called().live.publish(frameOf(database.change(topic)))
  const seqs = () => posted.flatMap(({ seq }) => seq ?? [])
  return {
    ...{ time, database, ground, store, person, during, posted, line, kept, called, raise, say, run, publish, seqs },
  }
}

test.each([1, 2])(
  'a right that ends just after it was decided (time %i) does not hear what comes after',
  async (nth) => {
    const w = await setUp()
    let times = 0
    w.during.authorise = () => {
      if (++times !== nth) return
      w.database.removeMember('own', w.person.id)
      w.raise(2)
    }
    await w.run(w.say('resume'))
    expect(times).toBe(nth)
    await w.run(w.publish('own'))
    expect(w.seqs()).toEqual([])
  },
)

test('what a removed person missed is not sent to them, however late it is read', async () => {
  const w = await setUp()
  w.database.change('own')
  let times = 0
  w.during.authorise = () => {
    if (++times < 2) return
    w.database.removeMember('own', w.person.id)
    w.database.change('own')
  }
  await w.run(w.say('resume', { after: 0 }))
  expect(w.seqs()).toEqual([1])
})

test('a long replay ends with the session', async () => {
  const w = await setUp()
  for (let i = 0; i < 500; i++) w.database.change('own')
  const { sid } = w.person
  const end = w.time.now() + 2000
  w.time.after(2000, () => void w.ground.ended.set(sid, end))
  await w.run(w.say('resume', { after: 0 }))
  expect(w.seqs().length).toBeGreaterThan(50)
  expect(w.posted.filter(({ seq, at }) => seq && at > end + 500)).toEqual([])
  expect(w.posted.at(-1)).toMatchObject({ type: 'bye', payload: { code: 4401 } })
})

test('a frame of a session that ended does nothing but end the connection', async () => {
  const w = await setUp()
  await w.run(w.say('resume'))
  w.ground.ended.set(w.person.sid, w.time.now())
  await w.run(w.say('ping'))
  expect(w.posted.map(({ type }) => type)).toEqual(['ready', 'bye'])
  expect(await listed(w, 'own')).toEqual([])
})

test('a later resume takes the place of a replay', async () => {
  const w = await setUp()
  for (let i = 0; i < 300; i++) w.database.change('own')
  w.time.after(1000, () => void w.say('resume', { after: 290 }))
  await w.run(w.say('resume', { after: 0 }))
  expect(w.seqs().length).toBeLessThan(100)
  expect(w.posted.at(-1)!.at - w.posted[0]!.at).toBeLessThan(3000)
})

test('a topic that began anew sends its listeners away with their next ping, to come back and be told', async () => {
  const w = await setUp()
  for (let i = 0; i < 5; i++) w.database.change('own')
  await w.run(w.say('resume', { after: 5 }))
  await w.run(w.say('ping'))
  expect(w.posted.at(-1)!.type).toBe('pong')
  w.database.restore('own')
  for (let i = 0; i < 5; i++) w.database.change('own')
  await w.run(w.say('ping'))
  expect(w.posted).toContainEqual(expect.objectContaining({ type: 'bye', payload: { code: 1012 } }))
})

const listed = async ({ store, time }: Awaited<ReturnType<typeof setUp>>, topic: string) => {
  const asked = registry.listenersOf({ redis: store.client(), service: 'chat' }, topic, time.now())
  await time.run(1000)
  return asked
}

test('a ping never brings back a room that is taken away meanwhile', async () => {
  for (let ms = 0; ms < 12; ms += 0.1) {
    const w = await setUp()
    await w.run(registry.join(w.called(), w.kept, new Map([['room:a', '']])))
    const { redis } = w.called()
    w.time.after(ms, () => void registry.leave({ redis, service: 'chat' }, w.kept.id, ['room:a']))
    await w.run(w.say('ping'))
    expect(await listed(w, 'room:a'), `after ${ms} ms`).toEqual([])
  }
})

test('a ping brings back what was lost of the lists', async () => {
  const w = await setUp()
  await w.run(w.say('resume'))
  w.store.commands['del']!('ws:chat:topic:own')
  await w.run(w.say('ping'))
  expect(await listed(w, 'own')).toEqual([w.kept.id])
})

test('a connection that ended without a word leaves the lists of its topics', async () => {
  const w = await setUp()
  await w.run(w.say('resume'))
  expect(await listed(w, 'own')).toEqual([w.kept.id])
  await w.time.run(900_000)
  await listed(w, 'own')
  expect(w.store.commands['zrange']!('ws:chat:topic:own')).toEqual([])
})

test('a 410 is not believed of a connection that is only just there, and is of one that was', async () => {
  const w = await setUp()
  await w.run(w.say('resume'))
  await w.run(registry.keep(w.called(), { ...w.kept, at: w.time.now() }), 100)
  w.line.gone = true
  await w.run(w.publish('own'), 1000)
  expect(await listed(w, 'own')).toEqual([w.kept.id])
  await w.time.run(30_000)
  await w.run(w.publish('own'))
  expect(await listed(w, 'own')).toEqual([])
})
