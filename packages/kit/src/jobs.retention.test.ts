import { cloneDatabase, type TestDatabase } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Db, openDb } from './db.ts'
import { eventRetention, type JobSpec, openJobs } from './jobs.ts'
import { sql } from './sql.ts'

const log = testLog()
let database: TestDatabase
let db: Db

beforeAll(async () => {
  database = await cloneDatabase('chat', undefined)
  db = openDb({ url: database.url, max: 5, log })
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

// A topic whose events have these ages in days, from the lowest seq upwards.
const topic = async (name: string, ages: number[]) => {
  await db.run(sql`insert into kit.heads (topic, head) values (${name}, ${ages.length})`)
  await db.run(sql`insert into kit.events (topic, seq, type, payload, at)
    select ${name}, n, 'x', '{}', now() - make_interval(days => age) from unnest(${ages}::int[]) with ordinality as t(age, n)`)
}
const left = async (name: string) =>
  (await db.rows<{ seq: number }>(sql`select seq from kit.events where topic = ${name} order by seq`)).map((r) => r.seq)

const aNight = async (registry: JobSpec[]) => {
  await db.run(sql`delete from kit.crons`)
  let now = Date.parse('2026-11-20T03:00:00Z')
  const base = { db, log, metrics: new Registry(), clock: { now: () => now } }
  const jobs = await openJobs({ base, ctx: base, registry, resident: false })
  await jobs.runDue(10_000)
  now += 20 * 60_000
  expect(await jobs.runDue(20_000)).toBeGreaterThan(0)
  await jobs.stop()
}

test('old events go from the low end only, so that a log has no hole; heads stay', async () => {
  await topic('a:old', [400, 300, 200])
  await topic('b:mixed', [200, 100, 10, 100, 5])
  await topic('c:young', [10, 200, 3])
  await topic('d:none', [])
  await aNight([])
  expect(await left('a:old')).toEqual([])
  expect(await left('b:mixed')).toEqual([3, 4, 5])
  expect(await left('c:young')).toEqual([1, 2, 3])
  const heads = await db.rows(sql`select topic, head from kit.heads order by topic`)
  expect(heads).toEqual([
    { topic: 'a:old', head: 3 },
    { topic: 'b:mixed', head: 5 },
    { topic: 'c:young', head: 3 },
    { topic: 'd:none', head: 0 },
  ])
})

test('a service may promise another time', async () => {
  await topic('e:longer', [200, 100])
  await aNight([eventRetention({ days: 150 })])
  expect(await left('e:longer')).toEqual([2])
})

test('many old events go too, in short statements', async () => {
  await topic(
    'f:many',
    Array.from({ length: 12_000 }, (_, i) => (i < 11_500 ? 100 : 1)),
  )
  await aNight([])
  expect(await left('f:many')).toHaveLength(500)
})
