import { administratorUrl } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import { testRedis } from '@wealist/dev/testing/redis'
import { expect, test } from 'vitest'
import { openDb } from './db.ts'
import { openLog } from './log.ts'
import { openRedis, ready } from './redis.ts'
import { sql } from './sql.ts'
import { asUnavailable } from './sql-errors.ts'

test('an error is logged with what failed, and without the arguments or the row that it failed with', async () => {
  const quiet = testLog()
  const redis = openRedis({ ...testRedis(), log: quiet })
  const db = openDb({ url: administratorUrl(), max: 1, log: quiet })
  const lines: string[] = []
  const log = openLog({ service: 'test', level: 'info', stream: { write: (line) => void lines.push(line) } })
  const tell = (error: unknown) => log.error({ err: error }, 'failed')

  await ready(redis)
  await redis.set('text', 'x')
  await redis.hset('text', 'verifier', 'not for the log').catch(tell)
  await db
    .tx(async (tx) => {
      await tx.run(sql`create temporary table kept (hash text, name text check (name <> '')) on commit drop`)
      await tx.run(sql`insert into kept values ('not for the log', '')`)
    })
    .catch(tell)
  tell('no error at all')
  await db.close()
  redis.disconnect()

  expect(lines.map((line) => (JSON.parse(line) as { err: unknown }).err)).toEqual([
    expect.objectContaining({ command: 'hset', message: expect.stringContaining('WRONGTYPE') as string }),
    expect.objectContaining({ code: '23514', table: 'kept', stack: expect.any(String) as string }),
    'no error at all',
  ])
  expect(lines.join('')).not.toContain('not for the log')
})

test('what is away is told with its cause in a line, and not with where each one asked', () => {
  const lines: string[] = []
  const log = openLog({ service: 'test', level: 'info', stream: { write: (line) => void lines.push(line) } })
  const away = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' })
  log.error({ err: asUnavailable(away) }, 'request failed')
  log.error({ err: new TypeError('undefined is not a function') }, 'request failed')
  const [first, second] = lines.map((line) => (JSON.parse(line) as { err: Record<string, string> }).err)
  expect(first).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED') as string })
  expect(first).not.toHaveProperty('stack')
  expect(lines[0]!.length).toBeLessThan(400)
  expect(second!['stack']).toContain('log.test.ts')
})
