import { administratorUrl } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import { expect, test } from 'vitest'
import { openDb } from './db.ts'
import { sql } from './sql.ts'

test('what may be slow is planned for its values each time, what is quick is prepared once', async () => {
  const db = openDb({ url: administratorUrl(), max: 1, log: testLog() })
  const prepared = () => db.rows<{ statement: string }>(sql`select statement from pg_prepared_statements`)
  for (let i = 0; i < 8; i++) {
    await db.rows(sql`select ${i}::int as quick`)
    await db.rows(sql`select ${i}::int as slow`, { slow: true })
    await db.run(sql`select ${i}::int as swept`, { slow: true })
  }
  const statements = (await prepared()).map(({ statement }) => statement)
  expect(statements).toContain('select $1::int as quick')
  expect(statements.filter((text) => /slow|swept/.test(text))).toEqual([])
  await db.close()
})
