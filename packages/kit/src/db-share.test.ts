import { administratorUrl } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Db, openDb } from './db.ts'
import { sql } from './sql.ts'

const share = 5
const role = `share_${process.pid}`
const log = testLog()
const administrator = new pg.Pool({ connectionString: administratorUrl(), max: 1 })
const url = new URL(administratorUrl())
url.username = url.password = role
beforeAll(async () => {
  await administrator.query(`create role ${role} login password '${role}' connection limit ${share}`)
})
afterAll(async () => {
  await administrator.query(`drop role ${role}`)
  await administrator.end()
})

const connections = async () => {
  const { rows } = await administrator.query<{ n: number }>(
    'select count(*)::int as n from pg_stat_activity where usename = $1',
    [role],
  )
  return rows[0]!.n
}

test('fifty instances of a service share its few connections: none is refused, and none keeps one while it rests', async () => {
  const instances: Db[] = Array.from({ length: 50 }, () => openDb({ url: url.href, max: 2, log }))
  let most = 0
  const watch = setInterval(() => void connections().then((n) => (most = Math.max(most, n))), 10)
  const request = async (db: Db) => {
    await Promise.all([db.row(sql`select 1 as one`), db.tx((tx) => tx.row(sql`select 2 as two`))])
    await db.rest()
  }
  for (let round = 0; round < 4; round++) await Promise.all(instances.map(request))
  clearInterval(watch)
  // PostgreSQL holds the share itself, and shows who is refused for a moment, too: a sixth may be seen, none was let in.
  expect(most).toBeGreaterThan(1)
  await expect.poll(connections).toBe(0)
  await Promise.all(instances.map((db) => db.close()))
})

test('whoever finds no room for three seconds is told to come back, and nothing was done', async () => {
  const holders = Array.from({ length: share }, () => openDb({ url: url.href, max: 1, log }))
  for (const db of holders) await db.row(sql`select 1 as one`)
  const late = openDb({ url: url.href, max: 1, log })
  await expect(late.row(sql`select 1 as one`)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  const waiting = late.row(sql`select 1 as one`)
  await holders[0]!.rest()
  expect(await waiting).toEqual({ one: 1 })
  await Promise.all([...holders, late].map((db) => db.close()))
})
