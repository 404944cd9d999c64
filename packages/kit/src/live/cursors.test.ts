import { beforeEach, expect, test } from 'vitest'
import type { StreamFrame } from './cursor.ts'
import { type Cursors, openCursors } from './cursors.ts'

let cursors: Cursors
let applied: [string, number][]
let sent: [string, object][]
let told: string[]
const soon = () => new Promise((resolve) => setTimeout(resolve))

beforeEach(() => {
  applied = []
  sent = []
  told = []
  cursors = openCursors<StreamFrame>({
    key: 'chatId',
    apply: (room, { seq }) => void applied.push([room, seq!]),
    send: (type, payload) => void sent.push([type, payload]),
    reset: (room) => void told.push(`reset ${room}`),
    removed: (room) => void told.push(`removed ${room}`),
  })
})
const event = (chatId: string, seq: number) => ({ type: 'message', chatId, seq, payload: {} })

test('rooms begin together, a hundred a frame, each from where it is, and again when the connection is back', async () => {
  for (let i = 0; i < 150; i++) cursors.startAt(`r${i}`, i)
  cursors.open()
  await soon()
  expect(
    sent.map(([type, { n, topics }]: [string, { n?: number; topics?: object[] }]) => [type, n, topics!.length]),
  ).toEqual([
    ['subscribe', 1, 100],
    ['subscribe', 2, 50],
  ])
  expect(sent[1]![1]).toMatchObject({ topics: { 49: { chatId: 'r149', after: 149 } } })
  cursors.closed()
  cursors.open()
  await soon()
  expect(sent).toHaveLength(4)
})

test('the events of each room are applied in its own order, and a pong tells what is missing', async () => {
  for (const room of ['a', 'b']) cursors.startAt(room, 0)
  cursors.open()
  await soon()
  for (const frame of [event('a', 2), event('b', 1), event('a', 1), event('a', 1)])
    expect(cursors.frame(frame)).toBe(true)
  expect(applied).toEqual([
    ['b', 1],
    ['a', 1],
    ['a', 2],
  ])
  expect(cursors.seqs).toEqual({ a: 2, b: 1 })
  expect(cursors.frame({ type: 'ready', payload: { seq: 3 } })).toBe(false)
  expect(cursors.frame({ type: 'pong', payload: { seq: 0, seqs: { a: 2, b: 3 } } })).toBe(false)
  await expect.poll(() => sent.at(-1)).toEqual(['subscribe', { n: 2, topics: [{ chatId: 'b', after: 1 }] }])
})

test('a room that is lost is forgotten; what answers an older frame about it is not listened to', async () => {
  cursors.open()
  cursors.join('a')
  await soon()
  expect(sent).toEqual([['subscribe', { n: 1, topics: [{ chatId: 'a' }] }]])
  cursors.leave('a')
  cursors.startAt('a', 4)
  await soon()
  expect(sent.slice(1)).toEqual([
    ['unsubscribe', { chatId: 'a', n: 2 }],
    ['subscribe', { n: 3, topics: [{ chatId: 'a', after: 4 }] }],
  ])
  cursors.frame({ type: 'removed', payload: { chatId: 'a', n: 1 } })
  cursors.frame(event('a', 5))
  expect([applied, told]).toEqual([[['a', 5]], []])
  cursors.frame({ type: 'reset', payload: { chatId: 'a', n: 3, seq: 1, epoch: 'e' } })
  cursors.frame({ type: 'removed', payload: { chatId: 'a', n: 3 } })
  cursors.frame(event('a', 6))
  expect([applied.length, told, cursors.seqs]).toEqual([1, ['reset a', 'removed a'], {}])
})

test('a room that is taken away, which answers no frame, is forgotten too', async () => {
  cursors.open()
  cursors.join('a')
  await soon()
  cursors.frame({ type: 'removed', payload: { chatId: 'a' } })
  cursors.frame(event('a', 1))
  expect([told, cursors.seqs]).toEqual([['removed a'], {}])
})
