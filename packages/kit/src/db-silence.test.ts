import { administratorUrl } from '@wealist/dev/testing/clone'
import { startLine } from '@wealist/dev/testing/line'
import { testLog } from '@wealist/dev/testing/log'
import { expect, test } from 'vitest'
import { openDb } from './db.ts'
import { sql } from './sql.ts'

const log = testLog()
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const pid = sql`select pg_backend_pid() as pid`

test('a server that is not heard any more is unavailable to a statement and to a transaction, and asked anew', async () => {
  const line = await startLine(administratorUrl())
  const db = openDb({ url: line.url, max: 2, silence: 300, log })
  await Promise.all([db.row(pid), db.tx((tx) => tx.row(pid))])
  line.slow(60_000)
  await expect(db.row(pid)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await expect(db.tx((tx) => tx.row(pid))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  line.slow(0)
  expect(await db.row(pid)).toMatchObject({ pid: expect.any(Number) as number })
  await Promise.all([db.close(), line.down()])
})

test('a connection that nobody asks anything is kept, and so is one whose statement takes its time', async () => {
  const db = openDb({ url: administratorUrl(), max: 1, silence: 300, log })
  const first = await db.row(pid)
  await pause(700)
  expect(await db.row(pid)).toEqual(first)
  const slow = openDb({ url: administratorUrl(), max: 1, silence: 3000, log })
  expect(await slow.row(sql`select 1 as one from pg_sleep(1)`)).toEqual({ one: 1 })
  await Promise.all([db.close(), slow.close()])
})

test('after the end of its connections, statements and transactions are unavailable alike', async () => {
  const db = openDb({ url: administratorUrl(), max: 1, log })
  await db.row(pid)
  await db.close()
  await expect(db.row(pid)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await expect(db.tx((tx) => tx.row(pid))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})
