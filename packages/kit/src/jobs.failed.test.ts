import { cloneDatabase, type TestDatabase } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import { Registry } from 'prom-client'
import * as z from 'zod'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Db, openDb } from './db.ts'
import { notFound } from './errors.ts'
import { decide, listFailed } from './jobs.failed.ts'
import { job, type Jobs, openJobs } from './jobs.ts'
import { sql } from './sql.ts'

const log = testLog()
let database: TestDatabase
let db: Db
let jobs: Jobs
let runs: string[] = []
let fails = true

const flaky = (name: string, maxAttempts: number) =>
  job(
    name,
    z.strictObject({ note: z.string() }),
    (_, { note }) => {
      runs.push(note)
      if (fails) throw note === 'refused' ? notFound('It') : new Error('broken')
    },
    { maxAttempts },
  )

beforeAll(async () => {
  database = await cloneDatabase('chat', undefined)
  db = openDb({ url: database.url, max: 5, log })
  const base = { db, log, metrics: new Registry(), clock: { now: Date.now } }
  jobs = await openJobs({ base, ctx: base, registry: [flaky('once', 1), flaky('often', 25)], resident: false })
})
afterEach(async () => {
  await db.run(sql`delete from graphile_worker._private_jobs`)
  runs = []
  fails = true
})
afterAll(async () => {
  await jobs.stop()
  await db.close()
  await database.drop()
})

const add = async (name: string, note: string) => {
  await db.tx(async (tx) => tx.addJob(name, { note }))
  await jobs.runDue(5000)
}
const all = () => listFailed(db, { limit: 100 })
const only = async () => (await all())[0]!
const left = async () => (await db.rows(sql`select from graphile_worker.jobs`)).length

test('failed jobs are told with why and when, the latest first, a page at a time; one that is tried again is none', async () => {
  const begun = Date.now()
  for (const [name, note] of [
    ['once', 'a'],
    ['often', 'refused'],
    ['often', 'tried again'],
    ['once', 'b'],
  ] as const)
    await add(name, note)
  const found = await all()
  expect(found).toMatchObject([
    { name: 'once', attempts: 1, error: 'broken' },
    { name: 'often', attempts: 25, error: 'It does not exist or is not yours to see.' },
    { name: 'once', attempts: 1, error: 'broken' },
  ])
  for (const { addedAt, failedAt } of found) {
    expect(Date.parse(failedAt)).toBeGreaterThanOrEqual(Date.parse(addedAt))
    expect(Math.abs(Date.parse(failedAt) - begun)).toBeLessThan(60_000)
  }
  const [first, second] = found
  const before = { at: first!.failedAt, id: first!.id }
  expect(await listFailed(db, { limit: 1, before })).toEqual([second])
  expect(await listFailed(db, { limit: 1, id: second!.id })).toEqual([second])
})

test('a failure that is retried runs anew with all its attempts, once, however often that is told', async () => {
  await add('often', 'refused')
  const decision = { ...(await only()), wanted: 'retry' as const }
  const told = await Promise.all([1, 2, 3].map(() => decide(db, decision)))
  expect(told.toSorted()).toEqual([0, 0, 1])
  expect(await db.row(sql`select attempts from graphile_worker.jobs`)).toEqual({ attempts: 0 })
  await jobs.runDue(5000)
  expect(runs).toEqual(['refused', 'refused'])
  // It failed again: what was decided of the failure before does not hold for this one.
  expect(await decide(db, decision)).toBe(0)
  expect(await decide(db, { ...decision, wanted: 'discard' })).toBe(0)
  fails = false
  expect(await decide(db, { ...(await only()), wanted: 'retry' })).toBe(1)
  await jobs.runDue(5000)
  expect([runs.length, await left()]).toEqual([3, 0])
})

test('a failure that is discarded is gone; a job that runs, or waits for its next run, is not touched', async () => {
  await add('once', 'a')
  const decision = { ...(await only()), wanted: 'discard' as const }
  await db.run(sql`update graphile_worker._private_jobs set locked_at = now(), locked_by = 'somebody'`)
  expect(await decide(db, decision)).toBe(0)
  await db.run(sql`update graphile_worker._private_jobs set locked_at = null, locked_by = null, max_attempts = 2`)
  expect(await decide(db, decision)).toBe(0)
  await db.run(sql`update graphile_worker._private_jobs set max_attempts = 1`)
  expect(await decide(db, decision)).toBe(1)
  expect(await left()).toBe(0)
})
