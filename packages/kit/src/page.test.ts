import { cloneDatabase, type TestDatabase } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Db, openDb } from './db.ts'
import { pageRequest } from './page.ts'
import { sql } from './sql.ts'

let database: TestDatabase
let db: Db
beforeAll(async () => {
  database = await cloneDatabase('chat', undefined)
  db = openDb({ url: database.url, max: 1, log: testLog() })
  await db.run(sql`create table lines (list int, n int, primary key (list, n))`)
  await db.run(sql`insert into lines select list, n from generate_series(1, 20) list, generate_series(1, 3000) n`)
  await db.run(sql`insert into lines select 0, n from generate_series(1, 60) n`)
  await db.run(sql`analyze lines`)
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

test.each([undefined, 100])(
  'a page of a short list among long ones is planned once, not with every call (limit %s)',
  async (limit) => {
    const page = pageRequest('lines', {}, limit === undefined ? {} : { limit })
    const read = () =>
      db.page(page, { items: sql`select n from lines where list = ${0} order by n limit ${page.rows}`, keys: ['n'] })
    for (let i = 0; i < 20; i++) await read()
    const [plans] = await db.rows<{ generic: number; own: number }>(
      sql`select generic_plans as generic, custom_plans as own from pg_prepared_statements
      where statement like ${`%from lines where list = $1 order by n limit ${page.limit + 1}%`}`,
    )
    expect(plans).toEqual({ generic: 15, own: 5 })
  },
)

test('any other limit is no statement of its own', async () => {
  for (const limit of [7, 8, 9]) {
    const page = pageRequest('lines', {}, { limit })
    const { text } = await db.page(page, {
      items: sql`select n from lines where list = ${1} order by n limit ${page.rows}`,
      keys: ['n'],
    })
    expect((JSON.parse(text) as { items: unknown[] }).items).toHaveLength(limit)
  }
  const made = await db.rows(
    sql`select from pg_prepared_statements where statement like ${'%from lines where list = $1 order by n limit $%'}`,
  )
  expect(made).toHaveLength(1)
})
