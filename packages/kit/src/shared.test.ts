import { administratorUrl } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openShared, type Shared } from './shared.ts'

const log = testLog()
let pool: pg.Pool
let shared: Shared
let busy = false

const open = ({ url = administratorUrl(), max = 2, depth = 3, patience = 3000 } = {}) => {
  pool = new pg.Pool({ connectionString: url, max, pipeline: true } as pg.PoolConfig)
  pool.on('error', () => undefined)
  shared = openShared({
    ...{ pool, depth, patience, isBusy: () => busy },
    lost: (error) => log.warn({ error: error.message }, 'lost'),
  })
}
beforeEach(() => open())
afterEach(async () => {
  busy = false
  await Promise.all(floods.splice(0).map((one) => one.stop()))
  await pool.end()
})
const reopen = async (options: Parameters<typeof open>[0]) => {
  await pool.end()
  open(options)
}

const ask = async <R>(text: string, { alone = false, name }: { alone?: boolean; name?: string } = {}) =>
  (await shared.send<R>({ text, values: [], alone, name })).rows[0]!
const pid = async (seconds = 0) =>
  (await ask<{ pid: number }>(`select pg_backend_pid() as pid from pg_sleep(${seconds})`)).pid
const times = <T>(n: number, work: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: n }, (_, i) => work(i)))

const floods: { stop(): Promise<unknown> }[] = []
/** Statements without end, more than fit, until they are stopped. */
const flood = (seconds: number, people = 12) => {
  let [on, done] = [true, 0]
  const used = new Set<number>()
  const all = times(people, async () => {
    for (; on; done++) used.add(await pid(seconds))
  })
  const statements = {
    done: () => done,
    /** The connections that answered since it was asked. */
    used: () => {
      const { size } = used
      used.clear()
      return size
    },
    stop: () => {
      on = false
      return all
    },
  }
  floods.push(statements)
  return statements
}

test('many more statements than connections are all answered, each with its own answer, over as few connections', async () => {
  const answers = await times(300, (n) => ask<{ n: number; pid: number }>(`select ${n} as n, pg_backend_pid() as pid`))
  expect(answers.map(({ n }) => n)).toEqual(Array.from({ length: 300 }, (_, n) => n))
  expect(new Set(answers.map((a) => a.pid)).size).toBe(2)
  expect(pool.idleCount).toBe(2)
  expect(shared.waiting()).toBe(0)
})

test('while a connection is free, a statement has one alone', async () => {
  await times(2, () => pid(0.05))
  const [one, other] = await times(2, () => pid(0.1))
  expect(one).not.toBe(other)
})

test('a busy thread makes do with three connections, as long as those answer, and takes more for what waits long', async () => {
  await reopen({ max: 7 })
  const statements = flood(0.005)
  await expect.poll(statements.used).toBe(7)
  busy = true
  await expect.poll(statements.used, { interval: 100, timeout: 5000 }).toBe(3)
  const many = flood(0.004, 300)
  await expect.poll(many.used, { interval: 200, timeout: 5000 }).toBe(7)
  await Promise.all([statements.stop(), many.stop()])
  const start = performance.now()
  const stuck = times(3, () => pid(0.6))
  await new Promise((resolve) => setTimeout(resolve, 50))
  await times(9, () => pid())
  const searches = times(2, () => ask('select pg_sleep(0.6)', { alone: true }))
  await times(9, () => pid())
  expect(performance.now() - start).toBeLessThan(500)
  await Promise.all([stuck, searches])
})

test('a statement is sent behind another one when all are busy, before that is answered', async () => {
  const holders = times(2, () => pid(0.5))
  await new Promise((resolve) => setTimeout(resolve, 100))
  const behind = times(4, () => pid())
  expect(shared.waiting()).toBe(0)
  await Promise.all([holders, behind])
})

test('what a transaction waits for it gets, however many statements want the same', async () => {
  const statements = flood(0.02)
  await expect.poll(statements.done).toBeGreaterThan(12)
  for (let n = 0; n < 5; n++) {
    const before = statements.done()
    const client = await pool.connect()
    await client.query('select 1')
    client.release()
    // What its connection carried, and what the other one did meanwhile.
    expect(statements.done() - before).toBeLessThan(12)
  }
  await statements.stop()
})

test('statements are answered while transactions wait in line without end', async () => {
  let on = true
  const transactions = times(8, async () => {
    while (on) {
      const client = await pool.connect()
      await client.query('select pg_sleep(0.02)')
      client.release()
    }
  })
  expect(await times(20, () => pid())).toHaveLength(20)
  on = false
  await transactions
})

test('behind what may take long nothing waits', async () => {
  await times(2, () => pid(0.05))
  let over = false
  const search = ask('select pg_sleep(1)', { alone: true }).then(() => (over = true))
  await times(50, () => pid(0.005))
  expect(over).toBe(false)
  await search
})

test('a statement that fails leaves those behind it and its connection as they were', async () => {
  const pids = await times(2, () => pid(0.05))
  const some = await Promise.allSettled(
    Array.from({ length: 12 }, (_, n) => (n % 2 ? pid() : ask<never>('select 1 / 0'))),
  )
  for (const [n, { status }] of some.entries()) expect(status).toBe(n % 2 ? 'fulfilled' : 'rejected')
  expect((await times(2, () => pid(0.05))).toSorted()).toEqual(pids.toSorted())
})

test('what a lost connection carried fails, what waits is asked on another, and the pool is whole', async () => {
  // Connected before: on a busy machine that takes longer than a statement.
  const killer = new pg.Client({ connectionString: administratorUrl() })
  await killer.connect()
  const lost = await pid()
  const carried = Promise.allSettled(Array.from({ length: 12 }, () => pid(0.2)))
  await new Promise((resolve) => setTimeout(resolve, 50))
  await killer.query('select pg_terminate_backend($1)', [lost])
  await killer.end()
  const results = await carried
  const failed = results.filter(({ status }) => status === 'rejected').length
  expect(failed).toBeGreaterThan(0)
  expect(failed).toBeLessThanOrEqual(3)
  expect(results.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []))).not.toContain(lost)
  await times(20, () => pid())
  expect(pool.totalCount).toBeLessThanOrEqual(2)
})

test('whoever waits longer than it may is told so, and the others are served', async () => {
  await reopen({ max: 1, depth: 2, patience: 300 })
  const slow = times(2, () => pid(0.8))
  await expect.poll(() => pool.totalCount).toBe(1)
  await expect(pid()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(await times(2, (n) => slow.then((pids) => pids[n]))).toHaveLength(2)
  expect(await pid()).toBeGreaterThan(0)
})

test('where nobody can connect, all who wait are told', async () => {
  await reopen({ url: 'postgres://127.0.0.1:1/none' })
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => pid()))
  expect(all.every((r) => r.status === 'rejected' && (r.reason as { code?: string }).code === 'ECONNREFUSED')).toBe(
    true,
  )
  expect(shared.waiting()).toBe(0)
})

test('after the end of the pool a statement is refused, what is under way is answered, and what waits, too', async () => {
  await times(2, () => pid(0.05))
  const under = times(20, () => pid(0.05))
  await new Promise((resolve) => setTimeout(resolve, 20))
  const ended = pool.end()
  const late = pid()
  await Promise.all([under, late, ended])
  await expect(pid()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(shared.waiting()).toBe(0)
  open()
})

test('a value that cannot be sent fails alone', async () => {
  const wrong = () => shared.send({ text: 'select $1::json', values: [{ n: 1n }] })
  const all = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => (n % 3 ? pid() : wrong())))
  for (const [n, { status }] of all.entries()) if (n % 3 === 0) expect(status).toBe('rejected')
  expect(await times(12, () => pid())).toHaveLength(12)
  expect(pool.totalCount).toBeLessThanOrEqual(2)
})
