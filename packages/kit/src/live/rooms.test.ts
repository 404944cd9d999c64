import * as z from 'zod'
import { beforeEach, expect, test } from 'vitest'
import type { Person } from '../actor.ts'
import { unavailable } from '../errors.ts'
import { closeCodes } from './close-codes.ts'
import { connect, type ConnectionParts } from './connection.ts'
import { type Frame, passing } from './frame.ts'
import { type Hub, openHub } from './hub.ts'
import type { Message } from './message.ts'
import { chanceOf, type VirtualTime, virtualTime } from './simulation.time.ts'
import type { Socket } from './socket.ts'

let time: VirtualTime
let hub: Hub
let parts: ConnectionParts
let log: Map<string, Frame[]>
let opening: Promise<void>
/** What was asked, in turn, and what is answered. */
let asked: (readonly string[])[]
let may: Set<string>
let decide: () => Promise<void>

const quiet = () => undefined
const now = async () => undefined

beforeEach(() => {
  time = virtualTime(chanceOf(7).random)
  log = new Map()
  opening = Promise.resolve()
  asked = []
  may = new Set(['a', 'b', 'c'])
  decide = now
  hub = openHub({
    service: 'chat',
    timing: time,
    warn: quiet,
    bus: { subscribe: () => quiet, onReturn: () => quiet },
    counts: { delivered: quiet, gap: quiet, filled: quiet, broken: quiet, reset: quiet, slow: quiet },
    log: {
      head: (topic) => opening.then(() => ({ head: log.get(topic)?.length ?? 0, epoch: 'e' })),
      read: async (topic, after) => (log.get(topic) ?? []).slice(after, after + 100),
      moved: async () => [],
    },
  })
  parts = {
    hub,
    timing: time,
    warn: quiet,
    inTurn: (work) => work(),
    context: (actor) => ({ actor }),
    revocations: { isRevoked: () => false, freshCheck: async () => false },
    auth: { ticket: () => Promise.reject(new Error('nobody renews here')) },
  }
})

const socket: Socket = {
  route: {
    incoming: z.strictObject({ type: z.literal('typing'), payload: z.strictObject({ chatId: z.string() }) }),
  } as never,
  protocol: {
    topic: (_, person) => `user:${person.id}`,
    authorise: async () => ({ workspaces: ['w'] }),
    rooms: {
      key: 'chatId',
      name: z.string().regex(/^[a-z0-9]{1,8}$/),
      prefix: 'room:',
      authorise: async (_, __, names) => {
        asked.push(names)
        await decide()
        return names.filter((name) => may.has(name))
      },
      text: ({ type, text }) => (type === 'secret' ? undefined : text),
      endings: ({ type }) => {
        if (type === 'room.deleted') return () => closeCodes.unknown
        return type === 'participant.removed' ? () => closeCodes.forbidden : undefined
      },
    },
    message: async (_, frame, connection) => {
      const { chatId } = (frame as unknown as { payload: { chatId: string } }).payload
      connection.send('typed', { chatId, mine: connection.has(chatId) })
    },
  },
}

const emit = (room: string, type = 'message') => {
  const topic = `room:${room}`
  const all = log.get(topic) ?? []
  const seq = all.length + 1
  const frame = { topic, seq, type, text: JSON.stringify({ type, seq, payload: `${room}${seq}` }) }
  log.set(topic, [...all, frame])
  hub.offer(frame)
}
const open = async () => {
  const got: Record<string, unknown>[] = []
  const client = { got, code: undefined as number | undefined }
  const opened = connect(parts, {
    socket,
    person: { kind: 'person', id: 'ann', sid: 's', jti: 'j', exp: time.now() / 1000 + 900 } as Person,
    params: {},
    wire: {
      send: (message: Message) => void got.push(JSON.parse(message.text) as never),
      unsent: () => 0,
      taken: () => 0,
      close: (code) => void (client.code = code),
    },
  })
  const say = async (type: string, payload: object = {}) => {
    opened.receive(JSON.stringify({ type, payload }))
    await time.run(20)
  }
  /** What came since it was last looked at. */
  const news = () => got.splice(0)
  return Object.assign(client, { say, news, gone: () => opened.gone() })
}
const inRooms = async (...names: string[]) => {
  const client = await open()
  await client.say('subscribe', { n: 1, topics: names.map((chatId) => ({ chatId })) })
  expect(client.news().map(({ type }) => type)).toEqual(names.map(() => 'ready'))
  return client
}
const ready = (chatId: string, n: number, seq: number) => ({ type: 'ready', payload: { chatId, n, seq, epoch: 'e' } })
const event = (chatId: string, seq: number, type = 'message') => ({ chatId, type, seq, payload: `${chatId}${seq}` })

test('many rooms are taken by one frame and one decision, each from where its client is, and each frame names its own', async () => {
  for (const room of ['a', 'a', 'b']) emit(room)
  const client = await open()
  await client.say('resume')
  expect(client.news()).toEqual([{ type: 'ready', payload: { seq: 0, epoch: 'e' } }])
  const topics = [{ chatId: 'a', after: 1 }, { chatId: 'b' }, { chatId: 'c', after: 0, epoch: 'another' }]
  await client.say('subscribe', { n: 7, topics })
  expect(asked).toEqual([['a', 'b', 'c']])
  const frames = client.news()
  expect(frames.filter((f) => f['type'] === 'reset')).toEqual([
    { type: 'reset', payload: { chatId: 'c', n: 7, seq: 0, epoch: 'e' } },
  ])
  expect(frames.filter((f) => f['type'] !== 'reset')).toEqual(
    expect.arrayContaining([event('a', 2), ready('a', 7, 2), ready('b', 7, 1), ready('c', 7, 0)]),
  )
  emit('b')
  hub.offer(passing('room:c', 'typing', { userId: 'bob' }))
  expect(client.news()).toEqual([event('b', 2), { chatId: 'c', type: 'typing', payload: { userId: 'bob' } }])
  await client.say('ping', { seqs: { a: 0, b: 0, x: 0 } })
  expect(client.news()).toEqual([{ type: 'pong', payload: { seq: 0, seqs: { a: 2, b: 2 } } }])
})

test('what a room does not show is a skip that names it, so that its seqs stay dense', async () => {
  const client = await inRooms('a')
  emit('a', 'secret')
  expect(client.news()).toEqual([{ chatId: 'a', type: 'skip', seq: 1 }])
})

test('a room that is not theirs is told as removed, and nothing of it is sent, neither before nor after', async () => {
  emit('x')
  const client = await open()
  decide = () => time.sleep(50)
  await client.say('subscribe', { chatId: 'x', after: 0, n: 1 })
  emit('x')
  expect(client.news()).toEqual([])
  await time.run(100)
  emit('x')
  expect(client.news()).toEqual([{ type: 'removed', payload: { chatId: 'x', n: 1 } }])
  await client.say('typing', { chatId: 'x' })
  expect(client.news()).toEqual([{ type: 'typed', payload: { chatId: 'x', mine: false } }])
  expect(client.code).toBeUndefined()
})

test('the right is decided after the room is heard, and again where it changed meanwhile', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const client = await open()
  await time.run(20)
  opening = promise
  await client.say('subscribe', { chatId: 'a', n: 1 })
  expect(asked).toEqual([])
  decide = async () => {
    decide = now
    may.delete('a')
    for (const l of hub.listeners()) l.recheck()
  }
  resolve()
  await time.run(20)
  // The first answer was made before the change, and would have let them in.
  expect(asked).toHaveLength(2)
  expect(client.news().map(({ type }) => type)).toEqual(['removed'])
})

test.each(['participant.removed', 'room.deleted'])(
  '%s ends that room with itself, and only that room',
  async (type) => {
    const client = await inRooms('a', 'b')
    emit('a', type)
    emit('a')
    emit('b')
    expect(client.news()).toEqual([
      event('a', 1, type),
      { type: 'removed', payload: { chatId: 'a', n: 1 } },
      event('b', 1),
    ])
    expect(client.code).toBeUndefined()
    may.delete('a')
    await client.say('subscribe', { chatId: 'a', after: 1, n: 2 })
    expect(client.news()).toEqual([{ type: 'removed', payload: { chatId: 'a', n: 2 } }])
  },
)

test('a change of membership has all rooms decided again in one statement; what is lost is left', async () => {
  const client = await inRooms('a', 'b', 'c')
  may.delete('b')
  asked = []
  for (const l of hub.listeners()) l.recheck()
  await time.run(20)
  expect(asked).toEqual([['a', 'b', 'c']])
  expect(client.news()).toEqual([{ type: 'removed', payload: { chatId: 'b', n: 1 } }])
  for (const room of ['a', 'b', 'c']) emit(room)
  expect(client.news()).toEqual([event('a', 1), event('c', 1)])
})

test('rights that cannot be decided again send the client away after 10 s; new rooms are refused for now', async () => {
  const client = await inRooms('a')
  decide = () => Promise.reject(unavailable('away'))
  await client.say('subscribe', { n: 2, topics: [{ chatId: 'b' }, { chatId: 'c' }] })
  expect(client.news()).toMatchObject([
    { type: 'error', payload: { code: 'UNAVAILABLE', n: 2, topics: [{ chatId: 'b' }, { chatId: 'c' }] } },
  ])
  decide = now
  await client.say('subscribe', { chatId: 'b', n: 3 })
  expect(client.news()).toEqual([ready('b', 3, 0)])
  decide = () => Promise.reject(unavailable('away'))
  for (const l of hub.listeners()) l.recheck()
  await time.run(9000)
  expect(client.code).toBeUndefined()
  await time.run(2000)
  expect(client.code).toBe(1012)
  expect(hub.size).toBe(0)
})

test('who leaves a room hears nothing more of it, and comes back where they were', async () => {
  const client = await inRooms('a', 'b')
  await client.say('unsubscribe', { n: 2, topics: [{ chatId: 'a' }, { chatId: 'x' }] })
  expect(client.news()).toEqual([
    { type: 'unsubscribed', payload: { chatId: 'a', n: 2 } },
    { type: 'unsubscribed', payload: { chatId: 'x', n: 2 } },
  ])
  for (const room of ['a', 'b']) emit(room)
  expect(client.news()).toEqual([event('b', 1)])
  await client.say('subscribe', { chatId: 'a', after: 0, n: 3 })
  expect(client.news()).toEqual([event('a', 1), ready('a', 3, 1)])
  // Again, as after a hole.
  await client.say('subscribe', { chatId: 'a', after: 0, n: 4 })
  expect(client.news()).toEqual([event('a', 1), ready('a', 4, 1)])
})

test.each([
  ['subscribe', { chatId: 'a' }],
  ['subscribe', { n: 1 }],
  ['subscribe', { n: 1, chatId: 'A b' }],
  ['subscribe', { n: 1, chatId: 'a', after: -1 }],
  ['subscribe', { n: 1, topics: [] }],
  ['subscribe', { n: 1, topics: Array.from({ length: 101 }, () => ({ chatId: 'a' })) }],
  ['unsubscribe', { n: -1, chatId: 'a' }],
  ['unsubscribe', { n: 1, topics: 'a' }],
])('%s %.60j makes no sense: an error, and not the end', async (type, payload) => {
  const client = await open()
  await client.say(type, payload)
  expect(client.news()).toMatchObject([{ type: 'error', payload: { code: 'VALIDATION_ERROR' } }])
  expect([client.code, asked]).toEqual([undefined, []])
})

test('a socket has a thousand rooms at most', async () => {
  const client = await open()
  for (let i = 0; i < 11; i++) {
    const names = Array.from({ length: i < 10 ? 100 : 2 }, (_, j) => `r${i}x${j}`)
    for (const name of names) may.add(name)
    await client.say('subscribe', { n: i, topics: names.map((chatId) => ({ chatId })) })
  }
  const frames = client.news()
  expect(frames.filter(({ type }) => type === 'ready')).toHaveLength(1000)
  expect(frames.at(-1)).toMatchObject({ type: 'error', payload: { code: 'CONFLICT', n: 10, topics: { length: 2 } } })
})

test('a subscribe is a beginning too, and with the connection every room is left', async () => {
  const client = await inRooms('a', 'b')
  await time.run(11_000)
  expect(client.code).toBeUndefined()
  client.gone()
  emit('a')
  expect(client.news()).toEqual([])
  expect(hub.size).toBe(0)
})
