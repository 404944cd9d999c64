import { cloneDatabase, type TestDatabase } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Db, openDb } from './db.ts'
import { codeOf } from './errors.ts'
import { claim, type Claim, release, storeAnswer } from './idempotency.ts'
import { newId } from './ids.ts'
import { openJobs } from './jobs.ts'
import { sql } from './sql.ts'

const log = testLog()
let database: TestDatabase
let db: Db

beforeAll(async () => {
  database = await cloneDatabase('chat', undefined)
  db = openDb({ url: database.url, max: 20, log })
  await db.run(sql`create table things (id uuid primary key, key text)`)
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

const keyOf = (key: string = newId(), hash = 'h') => ({ actor: 'alice', route: 'POST /things', key, hash })
const answer = { status: 201, headers: { 'content-type': 'application/json' }, body: '{"id":1}' }
const claimed = async (of: ReturnType<typeof keyOf>) => {
  const found = await claim(db, of)
  if (found.state !== 'claimed') throw new Error('not claimed')
  return found
}
const create = (mine: Claim) =>
  db.tx(async (tx) => {
    await tx.run(sql`insert into things (id, key) values (${newId()}, ${mine.key})`)
    await storeAnswer(tx, mine, answer)
  })
const things = async (key: string) =>
  (await db.row<{ n: number }>(sql`select count(*) as n from things where key = ${key}`))!.n
const expire = (key: string) =>
  db.run(sql`update kit.idempotency set lease = now() - interval '1 ms' where key = ${key}`)

test('20 requests with one key at once have one effect, and each gets 409 or the one answer', async () => {
  const of = keyOf()
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, async () => {
      try {
        const found = await claim(db, of)
        if (found.state === 'claimed') await create(found)
        return found.state
      } catch (error) {
        return codeOf(error)
      }
    }),
  )
  expect(outcomes.filter((o) => o === 'claimed')).toHaveLength(1)
  expect(outcomes.filter((o) => o !== 'claimed' && o !== 'answered' && o !== 'CONFLICT')).toEqual([])
  expect(await things(of.key)).toBe(1)
})

test('a repetition gets the stored answer: status, headers and body', async () => {
  const of = keyOf()
  await create(await claimed(of))
  expect(await claim(db, of)).toEqual({ state: 'answered', ...answer })
})

test('the same key with another body is refused: running, abandoned or answered', async () => {
  const of = keyOf()
  const mine = await claimed(of)
  await expect(claim(db, { ...of, hash: 'other' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH', status: 422 })
  await expire(of.key)
  await expect(claim(db, { ...of, hash: 'other' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' })
  await create(mine)
  await expect(claim(db, { ...of, hash: 'other' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' })
})

test('keys of other people and other routes are other keys', async () => {
  const of = keyOf()
  await claimed(of)
  for (const other of [{ actor: 'bob' }, { route: 'POST /others' }])
    expect(await claim(db, { ...of, ...other })).toMatchObject({ state: 'claimed', ...other })
})

test('a claim whose lease is over is taken over, and its late first owner rolls back', async () => {
  const of = keyOf()
  const first = await claimed(of)
  await expire(of.key)
  const second = await claimed(of)
  await expect(create(first)).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(await things(of.key)).toBe(0)
  await create(second)
  expect(await things(of.key)).toBe(1)
  await expect(create(first)).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(await things(of.key)).toBe(1)
})

test('taking over while the first owner commits gives one effect and its answer', async () => {
  const of = keyOf()
  const first = await claimed(of)
  await expire(of.key)
  const stored = Promise.withResolvers<void>()
  const late = db.tx(async (tx) => {
    await tx.run(sql`insert into things (id, key) values (${newId()}, ${of.key})`)
    await storeAnswer(tx, first, answer)
    stored.resolve()
    await new Promise((r) => setTimeout(r, 200))
  })
  await stored.promise
  expect(await claim(db, of)).toEqual({ state: 'answered', ...answer })
  await late
  expect(await things(of.key)).toBe(1)
})

test('a claim given back after an error is free at once; an answered one is not given back', async () => {
  const of = keyOf()
  const first = await claimed(of)
  await release(db, first)
  const second = await claimed(of)
  await release(db, first)
  await expect(claim(db, of)).rejects.toMatchObject({ code: 'CONFLICT' })
  await create(second)
  await release(db, second)
  expect(await claim(db, of)).toMatchObject({ state: 'answered' })
})

test('a key counts for 24 hours; after that it is a new one, also before the sweep', async () => {
  const of = keyOf()
  await create(await claimed(of))
  await db.run(sql`update kit.idempotency set created = now() - interval '25 hours' where key = ${of.key}`)
  await create(await claimed({ ...of, hash: 'other' }))
  expect(await things(of.key)).toBe(2)
})

test.each(['', 'x'.repeat(256), 'a\nb', 'ключ', '\u0000'])(
  'a key that is not 1 to 255 printable characters is 400: %j',
  async (key) => {
    await expect(claim(db, keyOf(key))).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: [{ path: 'Idempotency-Key', message: expect.any(String) }],
    })
  },
)

test('the longest key is taken', async () =>
  expect(await claim(db, keyOf('~'.repeat(255)))).toMatchObject({ state: 'claimed' }))

test('the hourly sweep forgets what is older than a day and keeps the rest', async () => {
  const [old, young] = [keyOf(), keyOf()]
  await create(await claimed(old))
  await create(await claimed(young))
  await db.run(sql`update kit.idempotency set created = now() - interval '24 hours 1 second' where key = ${old.key}`)
  let now = Date.parse('2026-11-20T10:00:00Z')
  const base = { db, log, metrics: new Registry(), clock: { now: () => now } }
  const jobs = await openJobs({ base, ctx: base, registry: [], resident: false })
  await jobs.runDue(10_000)
  now += 60 * 60_000
  await jobs.runDue(10_000)
  await jobs.stop()
  const kept = await db.rows<{ key: string }>(
    sql`select key from kit.idempotency where key in (${old.key}, ${young.key})`,
  )
  expect(kept).toEqual([{ key: young.key }])
})
