import { beforeEach, expect, test } from 'vitest'
import type { Person } from '../actor.ts'
import { newId } from '../ids.ts'
import type { ConnectionParts } from './connection.ts'
import type { Frame } from './frame.ts'
import { openHub } from './hub.ts'
import { chanceOf, type VirtualTime, virtualTime } from './simulation.time.ts'
import type { Socket } from './socket.ts'
import { type StreamOptions, streamOf } from './sse.ts'
import { bodyOf } from './sse-body.ts'

// A stream over a hub, a log and a clock that the test holds in its hand.
let time: VirtualTime
let parts: ConnectionParts
let stored: Frame[]

const socket = {
  route: {},
  protocol: { topic: () => 'user:1', authorise: async () => ({ workspaces: [] }) },
} as unknown as Socket
const person = (seconds: number) =>
  ({ kind: 'person', id: newId(), sid: newId(), jti: newId(), exp: time.now() / 1000 + seconds }) as Person

beforeEach(() => {
  time = virtualTime(chanceOf(1).random)
  stored = []
  const standing = () => ({ head: stored.length, epoch: stored.length > 0 ? 'one' : '' })
  const none = () => undefined
  const hub = openHub({
    service: 'chat',
    timing: time,
    warn: none,
    counts: { delivered: none, gap: none, filled: none, broken: none, reset: none, slow: none },
    bus: { subscribe: () => none, onReturn: () => none },
    log: {
      head: async () => standing(),
      read: async (_, after) => stored.slice(after, after + 100),
      moved: async (believed) =>
        believed.filter((b) => b.head !== stored.length).map(({ topic }) => ({ topic, ...standing() })),
    },
  })
  parts = {
    hub,
    timing: time,
    auth: { ticket: () => Promise.reject(new Error('a stream renews nothing')) },
    revocations: { isRevoked: () => false, freshCheck: async () => false },
    context: (actor) => ({ actor }),
    inTurn: (work) => work(),
    warn: none,
  }
})

const add = (publish = true) => {
  const seq = stored.length + 1
  const frame = { topic: 'user:1', seq, type: 'thing', text: JSON.stringify({ type: 'thing', seq, payload: 'a\r\nb' }) }
  stored.push(frame)
  if (publish) parts.hub.offer(frame)
}

/** Reads as fast as it comes. */
const openStream = async (more: Partial<StreamOptions> = {}) => {
  const response = new Response(bodyOf(streamOf(parts, { socket, person: person(900), from: {}, ...more })))
  const state = { text: '', over: false }
  void (async () => {
    for await (const chunk of response.body!) state.text += Buffer.from(chunk).toString()
    state.over = true
  })()
  await time.run(100)
  return state
}
const events = ({ text }: { text: string }) => [...text.matchAll(/^event: (\w+)$/gm)].map((m) => m[1])

test('a heartbeat comes every 25 seconds, without an id, and the stream ends with its token', async () => {
  const stream = await openStream({ person: person(60) })
  expect(stream.text).toMatch(/^retry: \d+\n\nid: 0\nevent: ready\ndata: \{.*\}\n\n$/)
  await time.run(26_000)
  expect(stream.text).toMatch(/\n\nevent: heartbeat\ndata: \{"type":"heartbeat","payload":\{\}\}\n\n$/)
  await time.run(60_000)
  expect(events(stream)).toEqual(['ready', 'heartbeat', 'heartbeat', 'close'])
  expect(stream.text).toMatch(/event: close\ndata: \{"type":"bye","payload":\{"code":4401\}\}\n\n$/)
  expect(stream.over).toBe(true)
  expect(parts.hub.size).toBe(0)
})

test('its silence does not end it: a client of a stream cannot speak', async () => {
  const stream = await openStream()
  await time.run(10 * 60_000)
  expect(stream.over).toBe(false)
  add()
  await time.run(10)
  expect(stream.text).toContain('id: 1\nevent: thing\ndata: ')
})

test('a summary follows what was sent, once for all that came in a moment, and is tried again when it fails', async () => {
  let asked = 0
  let away = false
  const summary = {
    type: 'unread',
    read: async () => {
      asked++
      await time.sleep(20)
      if (away) throw new Error('away')
      return { seq: stored.length }
    },
  }
  const stream = await openStream({ summary })
  expect(asked).toBe(1)
  expect(stream.text).toMatch(/event: unread\ndata: \{"type":"unread","payload":\{"seq":0\}\}\n\n$/)
  for (let i = 0; i < 30; i++) add()
  await time.run(200)
  expect(asked).toBe(2)
  away = true
  add()
  await time.run(500)
  expect(stream.text).not.toContain('{"seq":31}}')
  away = false
  await time.run(1500)
  expect(stream.text).toMatch(/event: unread\ndata: \{"type":"unread","payload":\{"seq":31\}\}\n\n$/)
  await time.run(60_000)
  expect(asked).toBe(4)
})

test('no line of an event can end it early or begin another', async () => {
  const stream = await openStream()
  add()
  parts.hub.offer({ topic: 'user:1', seq: 0, type: 'note', text: '{"a":1,\n\nevent: close\rdata: x}' })
  await time.run(10)
  expect(stream.text).toMatch(/event: note\ndata: \{"a":1,\ndata: \ndata: event: close\ndata: data: x\}\n\n$/)
})

test('what a client does not take is thrown away two seconds after its stream has ended', async () => {
  const response = new Response(bodyOf(streamOf(parts, { socket, person: person(900), from: {} })))
  await time.run(100)
  for (let i = 0; i < 50; i++) add()
  parts.hub.closeWhere(() => true, 1012)
  await time.run(3000)
  await expect(response.text()).rejects.toThrow('does not read')
})

test('a client that goes takes its stream with it', async () => {
  let ended = 0
  const stream = streamOf(parts, { socket, person: person(900), from: {}, ended: () => void ended++ })
  const response = new Response(bodyOf(stream))
  await time.run(100)
  expect(parts.hub.size).toBe(1)
  await response.body!.cancel()
  expect([parts.hub.size, ended]).toEqual([0, 1])
  add()
  await time.run(60_000)
  expect(ended).toBe(1)
})
