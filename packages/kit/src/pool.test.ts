import { administratorUrl } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import { expect, test } from 'vitest'
import { openPool } from './pool.ts'

test('a process that rests ends the connections nobody uses, and waits for none that somebody is about to take', async () => {
  const { pool, rest, close } = openPool({ url: administratorUrl(), max: 1, log: testLog() })
  ;(await pool.connect()).release()
  expect(pool.idleCount).toBe(1)

  const taken = pool.connect()
  const before = performance.now()
  await rest()
  expect(performance.now() - before).toBeLessThan(2000)
  expect(pool.totalCount).toBe(1)

  const client = await taken
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  client.release()
  await rest()
  expect(pool.totalCount).toBe(0)
  await close()
})
