import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cloneDatabase, type TestDatabase } from '@wealist/dev/testing/clone'
import { startLine } from '@wealist/dev/testing/line'
import { heard, level, testLog } from '@wealist/dev/testing/log'
import { Registry } from 'prom-client'
import * as z from 'zod'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Db, openDb } from './db.ts'
import { conflict, notFound, unavailable } from './errors.ts'
import { cron, job, type JobCtx, type Jobs, type JobSpec, openJobs } from './jobs.ts'
import { openCrons } from './jobs.cron.ts'
import { freeDead, space } from './jobs.locks.ts'
import { sql } from './sql.ts'

const log = testLog()
let database: TestDatabase
let db: Db
const open: Jobs[] = []

beforeAll(async () => {
  database = await cloneDatabase('chat', undefined)
  db = openDb({ url: database.url, max: 10, log, onCommit: (commit) => commit.jobs && open.forEach((j) => j.poke()) })
  await db.run(
    sql`create table effects (job text, by int default pg_backend_pid(), note text, at timestamptz default clock_timestamp())`,
  )
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((jobs) => jobs.stop()))
  await db.run(sql`delete from kit.outbox`)
  await db.run(sql`delete from graphile_worker._private_jobs`)
  await db.run(sql`delete from kit.crons`)
  await db.run(sql`delete from effects`)
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

interface Started extends Jobs {
  metrics: Registry
}

const start = async (
  registry: JobSpec[],
  options: { resident?: boolean; now?: () => number } = {},
): Promise<Started> => {
  const metrics = new Registry()
  const clock = { now: options.now ?? Date.now }
  const base = { db, log, metrics, clock }
  const jobs = await openJobs({ base, ctx: base, registry, resident: options.resident ?? true })
  open.push(jobs)
  return Object.assign(Object.create(jobs) as Jobs, { metrics })
}

const until = async (what: () => Promise<unknown> | unknown, ms = 15_000) => {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((r) => setTimeout(r, 20)))
    if (await what()) return
  throw new Error(`not within ${ms} ms`)
}

const Note = z.strictObject({ note: z.string() })
const effects = () => db.rows<{ job: string; note: string }>(sql`select job, note from effects order by at`)
const effect = (ctx: JobCtx, note: string) =>
  ctx.db.run(sql`insert into effects (job, note) values (${ctx.job.id}, ${note})`)
const write = job('write', Note, (ctx, { note }) => effect(ctx, note))
const add = (name: string, note: string, options?: { key?: string; runAt?: Date }) =>
  db.tx(async (tx) => tx.addJob(name, { note }, options))
const waiting = async () => (await db.row<{ n: number }>(sql`select count(*) as n from graphile_worker.jobs`))!.n
const value = async (jobs: Started, metric: string, name?: string) =>
  (
    await (
      jobs.metrics.getSingleMetric(metric) as {
        get(): Promise<{ values: { value: number; labels: { name?: string } }[] }>
      }
    ).get()
  ).values.find((v) => name === undefined || v.labels.name === name)?.value

test('a job runs after its transaction committed, soon', async () => {
  const jobs = await start([write])
  await until(async () => (await waiting()) === 0)
  const begun = Date.now()
  await add('write', 'a')
  await until(async () => (await effects()).length === 1)
  expect(Date.now() - begun).toBeLessThan(1500)
  await until(async () => (await value(jobs, 'jobs_done', 'write')) === 1)
})

test('jobs that fall due later begin within a second of their time, all of them', async () => {
  await start([write])
  const at = Date.now() + 2500
  for (const note of ['a', 'b', 'c']) await add('write', note, { runAt: new Date(at) })
  await until(async () => (await effects()).length === 3)
  const took = Date.now() - at
  expect(took).toBeGreaterThanOrEqual(0)
  expect(took).toBeLessThan(1500)
})

test('a job of a transaction that rolled back never runs', async () => {
  await start([write])
  await expect(
    db.tx(async (tx) => {
      tx.addJob('write', { note: 'never' })
      await tx.run(sql`select 1/0`)
    }),
  ).rejects.toThrow('division')
  await add('write', 'after')
  await until(async () => (await effects()).length > 0)
  expect(await effects()).toEqual([expect.objectContaining({ note: 'after' })])
})

test('a handler that fails is run again, as the same job', async () => {
  const seen: [string, number][] = []
  const flaky = job('flaky', Note, ({ job: { id, attempt } }) => {
    seen.push([id, attempt])
    if (attempt === 1) throw unavailable('the peer is away')
  })
  await start([flaky])
  await add('flaky', 'x')
  await until(() => seen.length === 2)
  expect(seen).toEqual([
    [expect.any(String), 1],
    [seen[0]![0], 2],
  ])
})

test('a payload that does not fit the schema is not given to the handler, and kept', async () => {
  let called = false
  const strict = job('strict', Note, () => void (called = true), { maxAttempts: 1 })
  const jobs = await start([strict], { resident: false })
  await db.tx(async (tx) => tx.addJob('strict', { other: 1 }))
  await jobs.runDue(5000)
  expect(called).toBe(false)
  expect(await value(jobs, 'jobs_failed', 'strict')).toBe(1)
})

test('what a peer refuses for good is kept as failed and counted, and not tried again', async () => {
  const refused = job('refused', Note, () => Promise.reject(notFound()))
  const jobs = await start([refused], { resident: false })
  await add('refused', 'x')
  expect(await jobs.runDue(5000)).toBe(1)
  expect(await jobs.runDue(5000)).toBe(0)
  const row = await db.row(sql`select attempts = max_attempts as over, last_error from graphile_worker.jobs`)
  expect(row).toEqual({ over: true, last_error: expect.stringContaining('does not exist') })
  expect(await value(jobs, 'jobs_failed', 'refused')).toBe(1)
  expect(await value(jobs, 'jobs_done', 'refused')).toBeUndefined()
})

test('what a peer refuses for now is tried again', async () => {
  const busy = job('busy', Note, () => Promise.reject(conflict('not now')))
  const jobs = await start([busy], { resident: false })
  await add('busy', 'x')
  await jobs.runDue(5000)
  expect(await db.row(sql`select attempts, run_at > now() as later from graphile_worker.jobs`)).toEqual({
    attempts: 1,
    later: true,
  })
  expect(await value(jobs, 'jobs_failed', 'busy')).toBe(0)
})

test('a run that takes too long ends, its lease is gone, and the job is tried again', async () => {
  const late: unknown[] = []
  const slow = job(
    'slow',
    Note,
    async ({ job: { lease, signal } }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await lease().catch((error: Error) => late.push(error.message))
    },
    { timeout: 100 },
  )
  const jobs = await start([slow], { resident: false })
  await add('slow', 'x')
  expect(await jobs.runDue(20_000)).toBe(1)
  expect(late).toEqual(['no end after 100 ms'])
  expect(await db.row(sql`select attempts, last_error, locked_by from graphile_worker.jobs`)).toEqual({
    attempts: 1,
    last_error: 'no end after 100 ms',
    locked_by: null,
  })
})

test('a run whose time is over before it has begun ends, and leaves what is due to the next', async () => {
  const jobs = await start([write], { resident: false })
  await jobs.runDue(20_000)
  await db.run(sql`select graphile_worker.add_job('write', '{"note":"x"}')`)
  // The library asks for these tables before it begins.
  const held = db.tx(async (tx) => {
    await tx.run(sql`lock table graphile_worker._private_jobs, graphile_worker._private_job_queues`)
    await new Promise((resolve) => setTimeout(resolve, 400))
  })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(await jobs.runDue(100)).toBe(0)
  await held
  expect(await jobs.runDue(20_000)).toBe(1)
})

test('two workers run each job once, never the same at the same time', async () => {
  const running = new Set<string>()
  const runs: string[] = []
  const alone = job('alone', Note, async ({ job: { id } }) => {
    expect(running.has(id)).toBe(false)
    running.add(id)
    await new Promise((r) => setTimeout(r, 5))
    running.delete(id)
    runs.push(id)
  })
  await start([alone])
  await start([alone])
  await Promise.all(Array.from({ length: 40 }, (_, i) => add('alone', String(i))))
  await until(async () => runs.length >= 40 && (await waiting()) === 0)
  expect(new Set(runs).size).toBe(40)
  expect(runs).toHaveLength(40)
})

test('of jobs with one key the last payload waits, at the first time, and runs once', async () => {
  const jobs = await start([write], { resident: false })
  const soon = new Date(Date.now() + 60_000)
  await add('write', '1', { key: 'room', runAt: soon })
  await jobs.runDue(1000)
  await db.tx(async (tx) => {
    tx.addJob('write', { note: '2' }, { key: 'room', runAt: new Date(Date.now() + 120_000) })
    tx.addJob('write', { note: '3' }, { key: 'room', runAt: new Date(Date.now() + 180_000) })
    tx.addJob('write', { note: 'other' }, { key: 'other room', runAt: soon })
  })
  await jobs.runDue(1000)
  const rows = await db.rows<{ key: string; run_at: Date }>(
    sql`select key, run_at from graphile_worker.jobs order by key`,
  )
  expect(rows).toEqual([
    { key: 'write:other room', run_at: soon },
    { key: 'write:room', run_at: soon },
  ])
  await db.run(sql`update graphile_worker._private_jobs set run_at = now()`)
  expect(await jobs.runDue(5000)).toBe(2)
  expect((await effects()).map((e) => e.note).toSorted()).toEqual(['3', 'other'])
})

test('a keyed job that fails after a newer one came leaves the work to the newer one', async () => {
  const ran: string[] = []
  const keyed = job('keyed', Note, async (ctx, { note }) => {
    if (note === 'old') {
      await add('keyed', 'new', { key: 'k' })
      await until(() => ran.includes('new'))
      await ctx.job.lease()
    }
    ran.push(note)
    if (note === 'old') throw new Error('the old one fails')
  })
  const jobs = await start([keyed])
  await add('keyed', 'old', { key: 'k' })
  await until(async () => ran.length === 2 && (await waiting()) === 0)
  expect(ran).toEqual(['new', 'old'])
  expect(await value(jobs, 'jobs_failed', 'keyed')).toBe(0)
})

test('a recurring job runs once for the fleet, in its minute, and makes up for what was missed once', async () => {
  const at: string[] = []
  const nightly = cron('nightly', '0 3 * * *', (_, minute) => void at.push(minute.toISOString()))
  let now = Date.parse('2026-11-20T02:58:30Z')
  const pods = [
    await start([nightly], { resident: false, now: () => now }),
    await start([nightly], { resident: false, now: () => now }),
  ]
  const tick = () => Promise.all(pods.map((pod) => pod.runDue(5000)))
  await tick()
  now = Date.parse('2026-11-20T03:00:00.010Z')
  await tick()
  await tick()
  now = Date.parse('2026-11-20T03:05:00Z')
  await tick()
  expect(at).toEqual(['2026-11-20T03:00:00.000Z'])
  now = Date.parse('2026-11-23T12:00:00Z')
  await tick()
  expect(at).toEqual(['2026-11-20T03:00:00.000Z', '2026-11-23T03:00:00.000Z'])
})

test('of many processes that find a recurring job due at once, one adds it', async () => {
  const addDue = openCrons([cron('often', '* * * * *', () => undefined)])
  const now = Date.parse('2026-11-20T03:00:30Z')
  await addDue(db, now)
  await Promise.all(Array.from({ length: 8 }, () => addDue(db, now + 60_000)))
  expect(await db.rows(sql`select task, payload, job_key from kit.outbox`)).toEqual([
    { task: 'often', payload: { at: '2026-11-20T03:01:00.000Z' }, job_key: 'cron' },
  ])
})

test('a wrong schedule or two jobs of one name end the start', async () => {
  await expect(start([cron('x', '0 99 * * *', () => undefined)])).rejects.toThrow('99')
  await expect(start([write, write])).rejects.toThrow('two jobs have the same name')
})

test('a short tail gives back what it cannot finish, without an attempt, and leaves it to a longer run', async () => {
  let finished = 0
  let takesMs = 10_000
  const slow = job('slow', Note, async ({ job: { signal } }) => {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, takesMs)
      signal.addEventListener('abort', () => (clearTimeout(timer), reject(new Error('stopped'))))
    })
    finished++
  })
  const jobs = await start([slow, write], { resident: false })
  await add('slow', 'x')
  expect(jobs.poked).toBe(true)
  const begun = performance.now()
  expect(await jobs.runDue(150)).toBe(1)
  expect(performance.now() - begun).toBeLessThan(5000)
  takesMs = 100
  expect(jobs.poked).toBe(false)
  expect(await db.row(sql`select attempts, locked_by from graphile_worker.jobs`)).toEqual({
    attempts: 0,
    locked_by: null,
  })
  await add('write', 'quick')
  expect(await jobs.runDue(1000)).toBe(1)
  expect(await jobs.runDue(6000)).toBe(1)
  expect(finished).toBe(1)
})

test('stopping lets a run end and takes no new one', async () => {
  let begun = false
  const slow = job('slow', Note, async (ctx, { note }) => {
    begun = true
    await new Promise((r) => setTimeout(r, 300))
    await effect(ctx, note)
  })
  const jobs = await start([slow])
  await add('slow', 'x')
  await until(() => begun)
  await jobs.stop()
  open.splice(0)
  expect(await effects()).toHaveLength(1)
  expect(await waiting()).toBe(0)
  await add('slow', 'y')
  expect(await effects()).toHaveLength(1)
})

const children: ChildProcess[] = []
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')))

// A process of its own with a worker, which says what it does on its output.
const worker = async (handler: string) => {
  const code = `
    import { openDb } from '${new URL('./db.ts', import.meta.url)}'
    import { openLog } from '${new URL('./log.ts', import.meta.url)}'
    import { openMetrics } from '${new URL('./metrics.ts', import.meta.url)}'
    import { job, openJobs } from '${new URL('./jobs.ts', import.meta.url)}'
    const log = openLog({ service: 'child', level: '${level}' })
    const db = openDb({ url: process.env.URL, max: 3, log })
    const base = { db, log, metrics: openMetrics('chat', { ofProcess: false }), clock: Date }
    const schema = { parse: (v) => v }
    openJobs({ base, ctx: base, registry: [job('shared', schema, ${handler})] })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...process.env, URL: database.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout!.on('data', (chunk) => heard(String(chunk)))
  children.push(child)
  return child
}
const said = async (child: ChildProcess, word: string) => {
  for (;;) {
    const [chunk] = (await once(child.stdout!, 'data')) as [Buffer]
    if (chunk.toString().includes(word)) return
  }
}
const hang = `async () => { console.log('begun'); await new Promise(() => setInterval(() => {}, 1000)) }`

test('a job of a killed process is run again at once by the next that starts', async () => {
  await add('shared', 'x')
  const child = await worker(hang)
  await said(child, 'begun')
  expect(await db.run(sql`select from graphile_worker.jobs where locked_by is not null`)).toBe(1)
  const killed = Date.now()
  child.kill('SIGKILL')
  await once(child, 'exit')
  let attempt = 0
  await start([job('shared', Note, (ctx) => void (attempt = ctx.job.attempt))])
  // A second, or a few where the machine is busy; not the four hours that its lock would last.
  await until(() => attempt >= 2, 25_000)
  expect(Date.now() - killed).toBeLessThan(25_000)
})

test('a job whose worker is found dead later is run then', async () => {
  await add('shared', 'x')
  const child = await worker(hang)
  await said(child, 'begun')
  const holder = await db.pool.connect()
  child.kill('SIGKILL')
  await once(child, 'exit')
  await holder.query('select pg_advisory_lock($1, hashtext(locked_by)) from graphile_worker._private_jobs', [space])
  let attempt = 0
  await start([job('shared', Note, (ctx) => void (attempt = ctx.job.attempt))])
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(attempt).toBe(0)
  await holder.query('select pg_advisory_unlock_all()')
  holder.release()
  await until(() => attempt === 2, 12_000)
})

test('a keyed job of a killed process that a newer one took the place of is gone, and not kept as failed', async () => {
  await add('shared', 'old', { key: 'k' })
  const child = await worker(hang)
  await said(child, 'begun')
  child.kill('SIGSTOP')
  const notes: string[] = []
  const jobs = await start([job('shared', Note, (_, { note }) => void notes.push(note))], { resident: false })
  await add('shared', 'new', { key: 'k' })
  await jobs.runDue(5000)
  expect(notes).toEqual(['new'])
  child.kill('SIGKILL')
  await once(child, 'exit')
  // First it is freed, then removed.
  await until(async () => (await freeDead(db, [])) === 0 && (await waiting()) === 0)
  expect(notes).toEqual(['new'])
})

test('a job of a process that lives is not taken from it, and of a frozen one only after its time', async () => {
  await add('shared', 'x')
  const child = await worker(hang)
  await said(child, 'begun')
  child.kill('SIGSTOP')
  const shared = job('shared', Note, (ctx, { note }) => effect(ctx, note))
  expect(await freeDead(db, [shared])).toBe(0)
  await db.run(sql`update graphile_worker._private_jobs set locked_at = now() - interval '59 seconds'`)
  expect(await freeDead(db, [shared])).toBe(0)
  await db.run(sql`update graphile_worker._private_jobs set locked_at = now() - interval '61 seconds'`)
  expect(await freeDead(db, [shared])).toBe(1)
})

test('a process that wakes up after its job was given to another has no lease, and does not end the run of the other', async () => {
  await add('shared', 'x')
  const child = await worker(`async ({ job }) => {
    console.log('begun')
    await new Promise((r) => setTimeout(r, 300))
    await job.lease().then(() => console.log('mine'), () => console.log('lost'))
    console.log('over')
  }`)
  await said(child, 'begun')
  child.kill('SIGSTOP')
  await db.run(sql`update graphile_worker._private_jobs set locked_by = 'another', attempts = attempts + 1`)
  child.kill('SIGCONT')
  await said(child, 'lost')
  await new Promise((r) => setTimeout(r, 500))
  expect(await db.row(sql`select locked_by, attempts from graphile_worker.jobs`)).toEqual({
    locked_by: 'another',
    attempts: 2,
  })
})

test('the age of the oldest job that waits for the relay is measured', async () => {
  const jobs = await start([write], { resident: false })
  expect(await value(jobs, 'outbox_age_seconds')).toBe(0)
  await add('write', 'x')
  await db.run(sql`update kit.outbox set at = now() - interval '5 seconds'`)
  expect(await value(jobs, 'outbox_age_seconds')).toBeGreaterThanOrEqual(5)
})

test('how long a due job has waited for a worker is measured; one that runs, is not due or cannot succeed does not count', async () => {
  const jobs = await start([write], { resident: false })
  expect(await value(jobs, 'jobs_late_seconds')).toBe(0)
  await db.run(sql`select graphile_worker.add_job('write', '"x"'::json, run_at => now() - interval '10 minutes')`)
  const late = (await value(jobs, 'jobs_late_seconds')) ?? 0
  expect([late >= 600, late < 700]).toEqual([true, true])
  for (const change of [
    sql`update graphile_worker._private_jobs set locked_at = now()`,
    sql`update graphile_worker._private_jobs set locked_at = null, attempts = max_attempts`,
    sql`update graphile_worker._private_jobs set attempts = 0, run_at = now() + interval '1 hour'`,
  ]) {
    await db.run(change)
    expect(await value(jobs, 'jobs_late_seconds')).toBe(0)
  }
  await db.run(sql`delete from graphile_worker._private_jobs`)
})

test('a worker goes on after PostgreSQL ended all its connections', async () => {
  await start([write])
  await add('write', 'before')
  await until(async () => (await effects()).length === 1)
  await db.run(
    sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  )
  await until(() =>
    add('write', 'after').then(
      () => true,
      () => false,
    ),
  )
  await until(async () => (await effects().catch(() => [])).length === 2)
  expect((await effects()).map((e) => e.note)).toEqual(['before', 'after'])
})

test('jobs whose failure PostgreSQL was being told as it went away are run when it is back', async () => {
  const line = await startLine(database.url)
  const through = openDb({ url: line.url, max: 5, log })
  const going = Promise.withResolvers<void>()
  let begun = 0
  const ran = new Set<string>()
  const flaky = job('flaky', Note, async (_, { note }) => {
    const place = ++begun
    if (place > 3) return void ran.add(note)
    await going.promise
    await new Promise((resolve) => setTimeout(resolve, place * 100))
    throw unavailable('the peer is away')
  })
  const base = { db: through, log, metrics: new Registry(), clock: { now: Date.now } }
  const jobs = await openJobs({ base, ctx: base, registry: [flaky] })
  for (const note of ['a', 'b', 'c']) await add('flaky', note)
  await until(() => begun === 3)
  line.slow(2000)
  going.resolve()
  await new Promise((resolve) => setTimeout(resolve, 500))
  await line.down()
  line.slow(0)
  await line.up()
  await expect.poll(() => ran.size, { timeout: 25_000 }).toBe(3)
  await jobs.stop()
  await through.close()
  await line.down()
})
