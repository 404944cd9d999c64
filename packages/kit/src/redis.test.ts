import { once } from 'node:events'
import { testLog } from '@wealist/dev/testing/log'
import { testRedis } from '@wealist/dev/testing/redis'
import { expect, test } from 'vitest'
import { openRedis, ready } from './redis.ts'

test('a connection to what became a replica is made anew: its address leads to the one that took over', async () => {
  const redis = openRedis({ ...testRedis(), log: testLog() })
  await ready(redis)
  const again = once(redis, 'ready', { signal: AbortSignal.timeout(5000) })
  const refused = redis.eval(`return redis.error_reply("READONLY You can't write against a read only replica.")`, 0)
  await expect(refused).rejects.toThrow('READONLY')
  await again
  expect(await redis.set('a', '1')).toBe('OK')
  redis.disconnect()
})
