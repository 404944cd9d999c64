import { setTimeout as pause } from 'node:timers/promises'
import { cloneDatabase, type TestDatabase } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import { Registry } from 'prom-client'
import * as z from 'zod'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type Db, openDb } from './db.ts'
import { job, type JobSpec, openJobs } from './jobs.ts'
import { space } from './jobs.locks.ts'
import { sql } from './sql.ts'

const log = testLog()
const last: (() => unknown)[] = []
let database: TestDatabase
let db: Db

beforeAll(async () => {
  database = await cloneDatabase('chat', undefined)
  db = openDb({ url: database.url, max: 5, log })
})
afterEach(async () => {
  for (const act of last.splice(0).toReversed()) await act()
  await db.run(sql`delete from graphile_worker._private_jobs`)
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

// Jobs whose seconds pass when the test says so. `looks` are those for dead workers, `looked` waits for what they freed.
const start = async (registry: JobSpec[]) => {
  let looks = 0
  const freed: number[] = []
  const run: Db['run'] = async (statement) => {
    const isLook = statement.text.includes('superseded')
    if (isLook) looks++
    const n = await db.run(statement)
    if (isLook) freed.push(n)
    return n
  }
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  last.push(() => vi.useRealTimers())
  const base = { db: { ...db, run }, log, metrics: new Registry(), clock: { now: Date.now } }
  const jobs = await openJobs({ base, ctx: base, registry })
  last.push(() => jobs.stop())
  return {
    looks: () => looks,
    // Not by `expect.poll`, which moves the clock.
    looked: async (...expected: number[]) => {
      for (const end = Date.now() + 20_000; freed.length < expected.length && Date.now() < end;) await pause(20)
      expect(freed).toEqual(expected)
    },
  }
}
const seconds = (n: number) => void vi.advanceTimersByTime(n * 1000)

test('a freed job that the dead process takes once more is free a second later, and looking is over then', async () => {
  // Nobody here knows the job, so nobody here takes it.
  await db.run(sql`select graphile_worker.add_job('elsewhere', '{}')`)
  const take = () => db.run(sql`update graphile_worker._private_jobs set locked_at = now(), locked_by = 'dead'`)
  await take()
  const { looks, looked } = await start([])
  await looked(1)
  await take()
  seconds(1)
  await looked(1, 1)
  await take()
  seconds(3)
  expect(looks()).toBe(2)
  seconds(1)
  await looked(1, 1, 1)
})

test('a worker that lost its lock keeps the jobs that it runs', async () => {
  const running = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  const long = job('long', z.unknown(), () => (running.resolve(), over.promise))
  const { looked } = await start([long])
  last.push(() => over.resolve())
  await looked(0)
  await db.run(sql`select graphile_worker.add_job('long', '{}')`)
  await running.promise
  const { by } = (await db.row<{ by: string }>(sql`select locked_by as by from graphile_worker._private_jobs`))!
  const other = await db.pool.connect()
  const next = other.query('select pg_advisory_lock($1, hashtext($2))', [space, by])
  await db.run(sql`select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and classid = ${space} and objid = hashtext(${by})::oid and granted`)
  await next
  // Now neither of them has it.
  await other.query('select pg_advisory_unlock_all()')
  other.release()
  seconds(5)
  await looked(0, 0)
  expect(await db.rows(sql`select locked_by as by from graphile_worker._private_jobs`)).toEqual([{ by }])
})
