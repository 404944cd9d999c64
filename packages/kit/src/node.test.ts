import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort } from '@wealist/dev/ports'
import { testLog } from '@wealist/dev/testing/log'
import { testRedis } from '@wealist/dev/testing/redis'
import { expect, test, vi } from 'vitest'
import { Config } from './config.ts'
import type { Base } from './context.ts'
import { run } from './node.ts'
import { service } from './service.ts'

test('a service whose metrics port is taken ends, and serves nobody', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const taken = String((other.address() as AddressInfo).port)
  let base: Base | undefined
  const open = (_: unknown, opened: Base) => ((base = opened), {})
  const spec = service({ name: 'auth', contract: {}, config: Config, features: [], open })
  const { url, prefix } = testRedis()
  const port = await freePort()
  const env = { REDIS_URL: url, REDIS_PREFIX: prefix, HOST: '127.0.0.1', PORT: String(port), METRICS_PORT: taken }
  await expect(run(spec, env, { log: testLog() })).rejects.toThrow('EADDRINUSE')
  await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow('fetch failed')
  await vi.waitFor(() => expect(base!.redis.status).toBe('end'))
  other.close()
})
