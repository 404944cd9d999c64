import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as z from 'zod'
import { beforeEach, expect, test } from 'vitest'
import type { Person } from '../actor.ts'
import { conflict, forbidden, notFound, unauthorized, unavailable } from '../errors.ts'
import type { CloseCode } from './close-codes.ts'
import { connect, type ConnectionParts, type Open } from './connection.ts'
import { type Hub, openHub } from './hub.ts'
import type { Message } from './message.ts'
import { chanceOf, type VirtualTime, virtualTime } from './simulation.time.ts'
import type { Socket } from './socket.ts'

let time: VirtualTime
let hub: Hub
let parts: ConnectionParts
let opening: Promise<void>
// What a look at the heads waits for.
let looked: Promise<never[]>
// What is decided, in turn; the last one stays.
let right: (() => Promise<{ workspaces: string[] }>)[]
let decisions: number
let revoked: Set<string>
let tickets: Map<string, Person | Error>

const allow = async () => ({ workspaces: ['w'] })
const refuse = (why: Error) => async () => {
  throw why
}
const quiet = () => undefined

beforeEach(() => {
  time = virtualTime(chanceOf(7).random)
  opening = Promise.resolve()
  looked = Promise.resolve([])
  right = [allow]
  decisions = 0
  revoked = new Set()
  tickets = new Map()
  hub = openHub({
    service: 'chat',
    timing: time,
    warn: quiet,
    bus: { subscribe: () => quiet, onReturn: () => quiet },
    counts: { delivered: quiet, gap: quiet, filled: quiet, broken: quiet, reset: quiet, slow: quiet },
    log: {
      head: () => opening.then(() => ({ head: 0, epoch: '' })),
      read: async () => [],
      moved: () => looked,
    },
  })
  parts = {
    hub,
    timing: time,
    warn: quiet,
    inTurn: (work) => work(),
    context: (actor) => ({ actor }),
    revocations: {
      isRevoked: ({ jti }) => revoked.has(jti),
      freshCheck: async ({ jti }) => {
        await time.sleep(5)
        return revoked.has(jti)
      },
    },
    auth: {
      ticket: async (ticket) => {
        const found = tickets.get(ticket) ?? unauthorized()
        if (found instanceof Error) throw found
        return found
      },
    },
  }
})

const socket: Socket = {
  route: {
    incoming: z.strictObject({ type: z.literal('typing'), payload: z.strictObject({ on: z.boolean() }) }),
  } as never,
  protocol: {
    topic: () => 'project:1',
    authorise: async () => {
      decisions++
      const decide = right.length > 1 ? right.shift()! : right[0]!
      return decide()
    },
    message: async (ctx, frame, connection) => {
      const { payload } = frame as unknown as { payload: { on: boolean } }
      if (!payload.on) throw conflict('Nobody types here.')
      connection.send('typed', { by: (ctx as unknown as { actor: Person }).actor.id })
    },
  },
}
const person = (jti: string, more: Partial<Person> = {}) =>
  ({ kind: 'person', id: 'ann', sid: 's', jti, exp: time.now() / 1000 + 900, ...more }) as Person

interface Client extends Open {
  got: { type: string; payload: Record<string, unknown> }[]
  code: number | undefined
  say(type: string, payload?: object): void
}
const open = (who = person('one')): Client => {
  const got: Client['got'] = []
  const client = { got, code: undefined as number | undefined }
  const opened = connect(parts, {
    socket,
    person: who,
    params: {},
    wire: {
      send: (message: Message) => void got.push(JSON.parse(message.text) as never),
      unsent: () => 0,
      taken: () => 0,
      close: (code) => void (client.code = code),
    },
  })
  return Object.assign(client, {
    receive: (text: string) => opened.receive(text),
    gone: () => opened.gone(),
    close: (code: CloseCode) => opened.close(code),
    say: (type: string, payload: object = {}) => opened.receive(JSON.stringify({ type, payload })),
  })
}
const live = async (who?: Person) => {
  const client = open(who)
  client.say('resume')
  await time.run(20)
  expect(client.got.at(-1)?.type).toBe('ready')
  return client
}
const ofType = (client: Client, type: string) => client.got.filter((frame) => frame.type === type)

test('nothing is sent before the right is decided, and it is decided after the topic is heard', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  opening = promise
  const client = open()
  client.say('resume')
  await time.run(1000)
  expect([decisions, client.got]).toEqual([0, []])
  resolve()
  await time.run(20)
  expect([decisions, client.got.at(-1)?.type]).toEqual([1, 'ready'])
})

test.each([
  [forbidden(), 4403],
  [notFound(), 4404],
  [unauthorized(), 4401],
  [unavailable('away'), 1012],
  [new Error('broken'), 1012],
])('who may not join is told why and closed: %s', async (error, code) => {
  right = [refuse(error)]
  const client = open()
  client.say('resume')
  await time.run(20)
  expect(client.code).toBe(code)
  expect(client.got.at(-1)).toMatchObject({ type: 'bye', payload: { code } })
  expect(hub.size).toBe(0)
})

test('who is revoked while it is decided is closed, and so is who was revoked before', async () => {
  const client = open()
  await time.run(1)
  hub.closeWhere((l) => l.person.jti === 'one', 4401)
  await time.run(50)
  expect(client.code).toBe(4401)
  revoked.add('two')
  const late = open(person('two'))
  await time.run(50)
  expect(late.code).toBe(4401)
})

test('a change of the right while it is decided has it decided once more', async () => {
  right = [
    async () => {
      await time.sleep(10)
      return { workspaces: [] }
    },
    refuse(forbidden()),
  ]
  const client = open()
  client.say('resume')
  await time.run(8)
  for (const l of hub.listeners()) l.recheck()
  await time.run(50)
  expect(decisions).toBe(2)
  expect(client.code).toBe(4403)
  expect(ofType(client, 'ready')).toEqual([])
})

test('an open socket whose right is gone is closed; one whose right cannot be decided goes on, for 10 s', async () => {
  const gone = await live()
  right = [refuse(notFound())]
  for (const l of hub.listeners()) l.recheck()
  await time.run(20)
  expect(gone.code).toBe(4404)

  right = [allow]
  const undecided = await live()
  right = [refuse(unavailable('away'))]
  for (const l of hub.listeners()) l.recheck()
  await time.run(9000)
  expect(undecided.code).toBeUndefined()
  right = [allow]
  await time.run(20_000)
  expect(undecided.code).toBeUndefined()

  right = [refuse(unavailable('away'))]
  for (const l of hub.listeners()) l.recheck()
  await time.run(11_000)
  expect(undecided.code).toBe(1012)
})

test('many changes at once are decided in one or two goes', async () => {
  await live()
  decisions = 0
  for (let i = 0; i < 50; i++) for (const l of hub.listeners()) l.recheck()
  await time.run(100)
  expect(decisions).toBeLessThanOrEqual(2)
})

test('the first resume comes within 10 s, or 4400', async () => {
  const client = open()
  client.say('ping')
  await time.run(9900)
  expect(client.code).toBeUndefined()
  await time.run(200)
  expect(client.code).toBe(4400)
  const asked = await live()
  await time.run(11_000)
  expect(asked.code).toBeUndefined()
})

test('a socket ends with its token', async () => {
  const client = await live(person('one', { exp: time.now() / 1000 + 60 }))
  await time.run(59_900)
  expect(client.code).toBeUndefined()
  await time.run(200)
  expect(client.code).toBe(4401)
})

test('a socket ends with its token, unless a ticket of the same person renews it', async () => {
  const client = await live()
  await time.run(60_000)
  tickets.set('next', person('two'))
  client.say('renew', { ticket: 'next' })
  await time.run(20)
  expect(client.got.at(-1)).toMatchObject({ type: 'renewed' })
  const keep = () => client.say('ping')
  for (let i = 0; i < 16; i++) {
    await time.run(55_000)
    keep()
  }
  expect(client.code).toBeUndefined()
  await time.run(30_000)
  expect(client.code).toBe(4401)
})

test('a ticket of somebody else, an unknown one, or one that is revoked while it is decided ends the socket', async () => {
  tickets.set('other', person('two', { id: 'bob' }))
  const one = await live()
  one.say('renew', { ticket: 'other' })
  await time.run(20)
  expect(one.code).toBe(4401)

  const two = await live()
  two.say('renew', { ticket: 'unknown' })
  await time.run(20)
  expect(two.code).toBe(4401)

  tickets.set('mine', person('three'))
  const three = await live()
  right = [
    async () => {
      revoked.add('three')
      hub.closeWhere((l) => l.person.jti === 'three', 4401)
      return { workspaces: [] }
    },
  ]
  three.say('renew', { ticket: 'mine' })
  await time.run(20)
  expect(three.code).toBe(4401)
})

test('a ticket that cannot be redeemed now is an error, and the socket goes on', async () => {
  const client = await live()
  tickets.set('late', unavailable('Redis is away'))
  client.say('renew', { ticket: 'late' })
  await time.run(20)
  expect(client.got.at(-1)).toMatchObject({ type: 'error', payload: { code: 'UNAVAILABLE' } })
  expect(client.code).toBeUndefined()
})

test('a renewal decides the right in full', async () => {
  const client = await live()
  tickets.set('mine', person('two'))
  right = [refuse(forbidden())]
  client.say('renew', { ticket: 'mine' })
  await time.run(20)
  expect(client.code).toBe(4403)
})

test.each([
  'not JSON',
  '5',
  'null',
  '{"type":5}',
  '[]',
  '{"type":"unknown"}',
  '{"type":"resume","payload":{"after":-1}}',
  '{"type":"resume","payload":{"after":"1"}}',
  '{"type":"typing","payload":{"on":true,"more":1}}',
])('a frame that makes no sense is an error and not the end: %s', async (text) => {
  const client = await live()
  client.receive(text)
  await time.run(20)
  expect(client.got.at(-1)).toMatchObject({ type: 'error', payload: { code: 'VALIDATION_ERROR' } })
  expect(client.code).toBeUndefined()
})

test('a protocol handles its own frames, and its errors go to the sender alone', async () => {
  const client = await live()
  client.say('typing', { on: true })
  client.say('typing', { on: false })
  await time.run(20)
  expect(client.got.slice(-2)).toEqual([
    { type: 'typed', payload: { by: 'ann' } },
    { type: 'error', payload: { code: 'CONFLICT', message: 'Nobody types here.' } },
  ])
})

test('frames above 32 KB end it with 1009, more than 100 in 10 s with 4429', async () => {
  const large = await live()
  large.receive(JSON.stringify({ type: 'x', payload: 'é'.repeat(17_000) }))
  expect(large.code).toBe(1009)
  const many = await live()
  for (let i = 0; i < 99; i++) many.say('ping')
  expect(many.code).toBeUndefined()
  many.say('ping')
  expect(many.code).toBe(4429)
  const steady = await live()
  for (let i = 0; i < 300; i++) {
    steady.say('ping')
    await time.run(101)
  }
  expect(steady.code).toBeUndefined()
})

test('frames that wait for one that takes long are a hundred at most, however slowly they come', async () => {
  parts.auth.ticket = () => new Promise(() => undefined)
  const client = await live()
  client.say('renew', { ticket: 'that nobody decides' })
  for (let i = 0; i < 100; i++) {
    client.say('ping')
    await time.run(200)
  }
  expect(client.code).toBeUndefined()
  client.say('ping')
  expect(client.code).toBe(4429)
})

test('a clock that is set back does not make a steady client one that floods', async () => {
  const client = await live()
  for (let i = 0; i < 60; i++) client.say('ping')
  await time.run(20)
  parts.timing = { ...time, now: () => time.now() - 3_600_000 }
  for (let i = 0; i < 60; i++) client.say('ping')
  expect(client.code).toBeUndefined()
})

test('a hundred sockets of one person are enough on a process', async () => {
  const clients = await Promise.all(Array.from({ length: 100 }, () => open()))
  const more = open()
  const other = open(person('other', { id: 'bob' }))
  await time.run(50)
  expect(more.code).toBe(4429)
  expect([clients[0]!.code, other.code]).toEqual([undefined, undefined])
  clients[0]!.gone()
  const again = open()
  await time.run(50)
  expect(again.code).toBeUndefined()
})

test('a client that is silent for 90 s is gone', async () => {
  const client = await live()
  await time.run(80_000)
  client.say('ping')
  await time.run(80_000)
  expect(client.code).toBeUndefined()
  await time.run(11_000)
  expect(client.code).toBe(4408)
})

test('`pong` says how far this socket was sent', async () => {
  const client = await live()
  for (const seq of [1, 2]) hub.offer({ topic: 'project:1', seq, type: 't', text: `{"type":"t","seq":${seq}}` })
  client.say('ping', { seq: 2 })
  await time.run(20)
  expect(client.got.at(-1)).toEqual({ type: 'pong', payload: { seq: 2 } })
})

test('a close comes once, with `bye` before it, and who is told to come back is told when', async () => {
  const client = await live()
  client.close(1012)
  client.close(4401)
  client.say('ping')
  hub.offer({ topic: 'project:1', seq: 1, type: 't', text: '{"seq":1}' })
  await time.run(20)
  expect(ofType(client, 'bye')).toHaveLength(1)
  expect(client.got.at(-1)).toMatchObject({ type: 'bye', payload: { code: 1012, retryAfter: expect.any(Number) } })
  expect(hub.size).toBe(0)
})

test('a token that is over ends its socket in time, however long the database takes to tell the heads', async () => {
  looked = new Promise(() => undefined)
  const client = await live(person('one', { exp: time.now() / 1000 + 30 }))
  await time.run(32_000)
  expect(client.code).toBe(4401)
})

test('a connection on which nothing is said weighs less than 1.5 KB: no closures, timers or hidden class of its own', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let people = 0
  const open = (n: number) => {
    const wire = { send: quiet, unsent: () => 0, taken: () => 0, close: quiet }
    const all = Array.from({ length: n }, () =>
      connect(parts, { socket, wire, person: person('one', { id: `person ${people++ % 200}` }), params: {} }),
    )
    for (const one of all) one.receive('{"type":"resume"}')
    return all
  }
  const before = open(1000)
  await time.run(11_000)
  collect()
  const { heapUsed } = process.memoryUsage()
  const after = open(10_000)
  await time.run(11_000)
  collect()
  expect((process.memoryUsage().heapUsed - heapUsed) / after.length).toBeLessThan(1536)
  expect(hub.size).toBe(before.length + after.length)
})
