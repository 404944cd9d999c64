import { randomBytes, randomUUID } from 'node:crypto'
import { asAdministrator } from '@wealist/dev/databases'
import { testLog } from '@wealist/dev/testing/log'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type Db, openDb } from './db.ts'
import { type DirectoryEvent, type Following, followDirectory } from './directory.ts'
import { migrate } from './migrate.ts'
import type { Call } from './peer.ts'
import { sql } from './sql.ts'
import type { Tx } from './tx.ts'

const log = testLog()
const administrator = process.env['TEST_DATABASE_URL']!
const name = `test_directory_${randomBytes(6).toString('hex')}`
let db: Db
beforeAll(async () => {
  await asAdministrator(administrator, async (client) => void (await client.query(`create database ${name}`)))
  const url = new URL(administrator)
  url.pathname = `/${name}`
  await migrate({ url: url.href })
  db = openDb({ url: url.href, max: 8, log })
  await db.run(sql`create table applied (n serial, seq int)`)
})
afterAll(async () => {
  await db.close()
  await asAdministrator(
    administrator,
    async (client) => void (await client.query(`drop database ${name} with (force)`)),
  )
})

// What user-service's log holds, as its route answers it.
let events: DirectoryEvent[]
let nudge: () => void
const following: Following[] = []
beforeEach(async () => {
  events = []
  await db.run(sql`truncate applied restart identity`)
  await db.run(sql`delete from kit.cursors`)
})
afterEach(() => Promise.all(following.splice(0).map((f) => f.stop())))

const grow = (n: number) => {
  for (let i = 0; i < n; i++)
    events.push({
      seq: events.length + 1,
      type: 'person.deleted',
      payload: { userId: randomUUID() },
      timestamp: new Date().toISOString(),
    })
}
const call = (async (_: unknown, __: unknown, { query }: { query: { after: number; limit: number } }) => ({
  items: events.filter((e) => e.seq > query.after).slice(0, query.limit),
  head: events.at(-1)?.seq ?? 0,
})) as unknown as Call
const bus = {
  subscribe: (_: string, listener: (message: string) => void) => ((nudge = () => listener('')), () => undefined),
}
const record = async (tx: Tx, event: DirectoryEvent): Promise<void> => {
  await tx.run(sql`insert into applied (seq) values (${event.seq})`)
}
const follow = (apply = record, intervalMs = 0) => {
  const one = followDirectory({ db, call, apply, log, bus, intervalMs })
  following.push(one)
  return one
}
const applied = async () => (await db.rows<{ seq: number }>(sql`select seq from applied order by n`)).map((r) => r.seq)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

test('every event is applied once, in order, over pages and restarts', async () => {
  grow(450)
  expect(await follow().pullOnce()).toBe(450)
  grow(3)
  expect(await follow().pullOnce()).toBe(3)
  expect(await follow().pullOnce()).toBe(0)
  expect(await applied()).toEqual(upTo(453))
})

test('processes that follow at once apply each event once', async () => {
  grow(100)
  const counts = await Promise.all([follow(), follow(), follow()].map((f) => f.pullOnce()))
  expect(counts.reduce((a, b) => a + b)).toBe(100)
  expect(await applied()).toEqual(upTo(100))
})

test('an event that cannot be applied holds those behind it, leaves nothing half done, and is applied later', async () => {
  grow(5)
  let broken = true
  const picky = async (tx: Tx, event: DirectoryEvent) => {
    await record(tx, event)
    if (broken && event.seq === 3) throw new Error('not now')
  }
  await expect(follow(picky).pullOnce()).rejects.toThrow('not now')
  expect(await applied()).toEqual([1, 2])
  broken = false
  expect(await follow(picky).pullOnce()).toBe(3)
  expect(await applied()).toEqual(upTo(5))
})

test('a log with a hole, or one that ends before what was applied, is refused, not skipped over', async () => {
  grow(4)
  events.splice(2, 1)
  await expect(follow().pullOnce()).rejects.toThrow('has no 3')
  expect(await applied()).toEqual([1, 2])
  events = []
  await expect(follow().pullOnce()).rejects.toThrow('ends at 0')
})

test('a nudge pulls at once, and without one the schedule does', async () => {
  const nudged = follow(record, 3_600_000)
  grow(2)
  nudge()
  await vi.waitFor(async () => expect(await applied()).toEqual([1, 2]), { timeout: 10_000, interval: 10 })
  await nudged.stop()
  follow(record, 30)
  grow(2)
  await vi.waitFor(async () => expect(await applied()).toEqual([1, 2, 3, 4]), { timeout: 10_000, interval: 10 })
})
