import { cloneDatabase, type TestDatabase } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Db, openDb } from './db.ts'
import { newId } from './ids.ts'
import { sql } from './sql.ts'

const max = 6
let database: TestDatabase
let db: Db

beforeAll(async () => {
  database = await cloneDatabase('chat', undefined)
  db = openDb({ url: database.url, max, log: testLog() })
  await db.run(sql`create table hot (id uuid primary key, n int not null default 0)`)
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

test('three times as many changes of one row as there are connections leave connections to others', async () => {
  const [id, turn] = [newId(), `room:${newId()}`]
  await db.run(sql`insert into hot (id) values (${id})`)
  const begun: number[] = []
  const changes = Array.from({ length: 3 * max }, (_, n) =>
    db.tx(
      async (tx) => {
        begun.push(n)
        await tx.run(sql`update hot set n = n + 1 where id = ${id}`)
        await tx.run(sql`select pg_sleep(0.1)`)
        if (n === 2) throw new Error('refused')
      },
      { turn },
    ),
  )
  const all = Promise.allSettled(changes)
  let rest = changes.length
  for (const change of changes)
    void change.then(
      () => rest--,
      () => rest--,
    )
  // Each of the others would wait for the row, too, behind all of the above.
  for (let i = 0; i < 4; i++) {
    await db.run(sql`select 1`)
    await db.tx((tx) => tx.run(sql`select 1`), { turn: `room:${newId()}` })
  }
  expect(rest).toBeGreaterThan(max)
  expect((await all).filter((o) => o.status === 'fulfilled')).toHaveLength(3 * max - 1)
  // Two have a turn at a time, and either may have its connection first.
  expect(begun).toHaveLength(changes.length)
  for (const [i, n] of begun.entries()) expect(Math.abs(n - i)).toBeLessThan(2)
  expect(await db.row(sql`select n from hot where id = ${id}`)).toEqual({ n: 3 * max - 1 })
})

test('one that is run again keeps its turn, and one whose connection is lost hands it on', async () => {
  const turn = `room:${newId()}`
  let [attempts, more] = [0, 0]
  const again = db.tx(
    async (tx) => {
      if (++attempts < 3) await tx.run(sql`do $$ begin raise exception using errcode = '40001'; end $$`)
    },
    { turn },
  )
  const lost = db.tx((tx) => tx.run(sql`select pg_terminate_backend(pg_backend_pid())`), { turn })
  const others = Array.from({ length: max }, () => db.tx(async () => void more++, { turn }))
  await expect(lost).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await Promise.all([again, ...others])
  expect([attempts, more]).toEqual([3, max])
})
