import { oneService, type OneService } from '@wealist/dev/testing/one-service'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { newId } from '../ids.ts'
import { type Queryable, sql, type Sql } from '../sql.ts'
import { openBatch } from './batch.ts'
import { rooms } from './live.fixture.ts'
import { openLogOf, readAfter } from './log.ts'

let service: OneService<object>
let statements = 0
let db: Pick<Queryable, 'rows'>
beforeAll(async () => {
  service = await oneService(rooms)
  db = {
    rows: <T extends object>(statement: Sql) => {
      statements++
      return service.running.base.db.rows<T>(statement)
    },
  }
})
beforeEach(() => void (statements = 0))
afterAll(() => service.stop())

const topicWith = async (n: number) => {
  const topic = `room:${newId()}`
  await service.running.base.db.tx(async (tx) => {
    for (let i = 1; i <= n; i++) tx.emit(topic, 'thing.changed', { i })
  })
  return topic
}
const seqs = (frames: readonly { seq: number }[]) => frames.map(({ seq }) => seq)
const upTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i)

test('a page is the next hundred, in order', async () => {
  const log = openLogOf(db)
  const topic = await topicWith(250)
  expect(seqs(await log.read(topic, 0))).toEqual(upTo(100))
  expect(seqs(await log.read(topic, 190))).toEqual(upTo(250, 191))
  expect(await log.read(topic, 250)).toEqual([])
  expect((await log.read(topic, 249))[0]!.text).toMatch(
    /^\{"type":"thing.changed","seq":250,"payload":\{"i":250\},"timestamp":".*\+00:00","actorId":null\}$/,
  )
})

test('a thousand that come back at once are read in a handful of statements, each their own page', async () => {
  const log = openLogOf(db)
  const topics = await Promise.all([topicWith(30), topicWith(40), topicWith(50)])
  const pages = await Promise.all(
    Array.from({ length: 1000 }, async (_, i) => ({ i, page: await log.read(topics[i % 3]!, i % 10) })),
  )
  for (const { i, page } of pages) expect(seqs(page)).toEqual(upTo([30, 40, 50][i % 3]!, (i % 10) + 1))
  expect(statements).toBeLessThanOrEqual(3)
  const heads = await Promise.all(Array.from({ length: 1000 }, (_, i) => log.head(topics[i % 3]!)))
  expect(heads.slice(0, 3).map(({ head }) => head)).toEqual([30, 40, 50])
  expect(statements).toBeLessThanOrEqual(4)
})

test('only topics that moved are answered, a thousand a statement', async () => {
  const log = openLogOf(db)
  const [still, moved, unknown] = [await topicWith(2), await topicWith(5), `room:${newId()}`]
  const { epoch } = await log.head(still)
  const idle = Array.from({ length: 1500 }, (_, i) => ({ topic: `room:idle-${i}`, head: 0, epoch: '' }))
  statements = 0
  const found = await log.moved([
    { topic: still, head: 2, epoch },
    { topic: moved, head: 3, epoch: (await log.head(moved)).epoch },
    { topic: unknown, head: 4, epoch: 'gone' },
    ...idle,
  ])
  expect(found.map(({ topic, head }) => [topic, head])).toEqual([
    [moved, 5],
    [unknown, 0],
  ])
  expect(statements).toBe(3)
})

test('who reads the log instead of listening gets a dense page and the head of the same moment, or a reset', async () => {
  const topic = await topicWith(20)
  const read = async (after: number, limit = 100) => {
    const { frames, seq, reset } = await readAfter(db, { topic, after, limit })
    return { seqs: seqs(frames), seq, reset }
  }
  expect(await read(17)).toEqual({ seqs: [18, 19, 20], seq: 20, reset: false })
  expect(await read(0, 2)).toEqual({ seqs: [1, 2], seq: 20, reset: false })
  expect(await read(20)).toEqual({ seqs: [], seq: 20, reset: false })
  expect(await read(21)).toEqual({ seqs: [], seq: 20, reset: true })
  await service.running.base.db.run(sql`delete from kit.events where topic = ${topic} and seq <= 10`)
  expect(await read(5)).toEqual({ seqs: [], seq: 20, reset: true })
  expect((await read(10)).seqs).toHaveLength(10)
  const { frames, seq, reset } = await readAfter(db, { topic: 'room:none', after: 0, limit: 10 })
  expect({ frames, seq, reset }).toEqual({ frames: [], seq: 0, reset: false })
})

test('a batch that fails fails for those who waited for it, and not for those who come later', async () => {
  let failing = true
  const ask = openBatch<number, number>({
    identity: String,
    size: 2,
    lanes: 1,
    run: async (keys) => {
      if (failing) throw new Error('away')
      return keys.map((key) => key * 2)
    },
  })
  const answers = await Promise.allSettled([ask(1), ask(1), ask(2), ask(3)])
  expect(answers.map(({ status }) => status)).toEqual(Array(4).fill('rejected'))
  failing = false
  expect(await Promise.all([ask(1), ask(4), ask(5)])).toEqual([2, 8, 10])
})
