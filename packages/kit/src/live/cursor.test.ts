import { beforeEach, expect, test } from 'vitest'
import { type Cursor, openCursor, type Position } from './cursor.ts'
import { chanceOf, type VirtualTime, virtualTime } from './simulation.time.ts'

let time: VirtualTime
let cursor: Cursor
let applied: number[]
let resumes: Position[]
let resets: number

beforeEach(() => {
  time = virtualTime(chanceOf(1).random)
  applied = []
  resumes = []
  resets = 0
  cursor = openCursor({
    apply: (event) => applied.push(event.seq!),
    resume: (from) => resumes.push(from),
    reset: () => resets++,
    after: time.after,
  })
})
const events = (...seqs: number[]) => {
  for (const seq of seqs) cursor.frame({ type: 'changed', seq, payload: {} })
}
const control = (type: string, payload: object) => cursor.frame({ type, payload })

test('socket first, then the state: what the state holds is dropped, the rest applied', () => {
  cursor.open()
  control('ready', { seq: 5, epoch: 'e' })
  events(6, 7, 8)
  cursor.startAt(7)
  expect(applied).toEqual([8])
  events(9)
  expect(applied).toEqual([8, 9])
  expect(resumes).toEqual([{}])
})

test('a state that is older than where the stream began is continued from the state', () => {
  cursor.open()
  control('ready', { seq: 5, epoch: 'e' })
  cursor.startAt(3)
  expect(resumes).toEqual([{}, { after: 3, epoch: 'e' }])
  events(4, 5)
  control('ready', { seq: 5, epoch: 'e' })
  expect(applied).toEqual([4, 5])
})

test('the state first, then the socket: it resumes from the state', () => {
  cursor.startAt(4)
  cursor.open()
  expect(resumes).toEqual([{ after: 4 }])
})

test('doubled and late events are dropped, early ones wait', () => {
  cursor.startAt(0)
  cursor.open()
  events(1, 1, 3, 2, 2, 1, 4)
  expect(applied).toEqual([1, 2, 3, 4])
})

test('a hole that stays for 500 ms is asked for', async () => {
  cursor.startAt(0)
  cursor.open()
  events(2, 3)
  await time.run(490)
  expect(resumes).toHaveLength(1)
  await time.run(20)
  expect(resumes.slice(1)).toEqual([{ after: 0 }])
  events(1, 2, 3)
  expect(applied).toEqual([1, 2, 3])
})

test('more than 256 ahead is not kept, and asked for after what was', async () => {
  cursor.startAt(0)
  cursor.open()
  for (let seq = 2; seq <= 400; seq++) events(seq)
  events(1)
  expect(applied).toHaveLength(256)
  await time.run(600)
  expect(resumes.at(-1)).toEqual({ after: 256 })
})

test('`pong` shows that the end is missing', async () => {
  cursor.startAt(0)
  cursor.open()
  events(1)
  control('pong', { seq: 3 })
  await time.run(600)
  expect(resumes.at(-1)).toEqual({ after: 1 })
})

test('`skip` moves the cursor and shows nothing', () => {
  cursor.startAt(0)
  cursor.open()
  cursor.frame({ type: 'skip', seq: 1 })
  events(2)
  expect(applied).toEqual([2])
})

test('`reset` has the state read anew; what came before it is forgotten', () => {
  cursor.startAt(7)
  cursor.open()
  events(9)
  control('reset', { seq: 3, epoch: 'new' })
  expect([resets, cursor.position]).toEqual([1, { epoch: 'new' }])
  control('ready', { seq: 3, epoch: 'new' })
  events(4)
  cursor.startAt(3)
  expect(applied).toEqual([4])
  expect(cursor.position).toEqual({ after: 4, epoch: 'new' })
})

test('another epoch in `ready` is a reset too', () => {
  cursor.startAt(7)
  cursor.open()
  control('ready', { seq: 7, epoch: 'one' })
  cursor.closed()
  cursor.open()
  control('ready', { seq: 7, epoch: 'two' })
  expect(resets).toBe(1)
})

test('it resumes where it stood when the connection comes back, and asks nothing while there is none', async () => {
  cursor.startAt(2)
  cursor.open()
  control('ready', { seq: 2, epoch: 'e' })
  events(3, 5)
  cursor.closed()
  await time.run(5000)
  expect(resumes).toHaveLength(1)
  cursor.open()
  expect(resumes.at(-1)).toEqual({ after: 3, epoch: 'e' })
})

test('nothing but frames and the state moves it: not the seq in an answer or an ack', () => {
  cursor.startAt(2)
  cursor.open()
  control('ack', { seq: 9 })
  control('error', { seq: 9 })
  expect(cursor.position).toEqual({ after: 2 })
  events(3)
  expect(applied).toEqual([3])
})

test('an older state in the place of a newer one is continued at once', () => {
  cursor.startAt(5)
  cursor.open()
  events(6)
  cursor.startAt(4)
  expect(resumes.at(-1)).toEqual({ after: 4 })
})

test('`stale` has the state read anew, once: the event that it stands for never comes', async () => {
  cursor.startAt(2)
  cursor.open()
  control('ready', { seq: 2, epoch: 'e' })
  control('stale', { seq: 3 })
  events(4)
  expect([resets, applied]).toEqual([1, []])
  cursor.startAt(3)
  expect(applied).toEqual([4])
  control('stale', { seq: 3 })
  await time.run(5000)
  expect([resets, resumes.length]).toEqual([1, 1])
  expect(cursor.position).toEqual({ after: 4, epoch: 'e' })
})
