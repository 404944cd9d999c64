import { administratorUrl } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import { testRedis } from '@wealist/dev/testing/redis'
import { expect, test, vi } from 'vitest'
import * as z from 'zod'
import { Config } from './config.ts'
import type { Base } from './context.ts'
import { job } from './jobs.ts'
import { service } from './service.ts'
import { start } from './start.ts'

const broken = job('broken', z.strictObject({}), () => undefined)

test.each([
  ['what the service has cannot be opened', true, []],
  ['it cannot be mounted', false, [broken, broken]],
])('a start that fails because %s leaves nothing open: it will be tried again', async (_, refuses, jobs) => {
  let base: Base | undefined
  const close = vi.fn(async () => undefined)
  const spec = service({
    name: 'noti',
    contract: {},
    config: Config,
    features: [],
    migrations: new URL('.', import.meta.url),
    jobs,
    open: (_, opened) => {
      base = opened
      if (refuses) throw new Error('refused')
      return { close }
    },
  })
  const { url, prefix } = testRedis()
  const env = { REDIS_URL: url, REDIS_PREFIX: prefix, DATABASE_URL: administratorUrl() }
  await expect(start(spec, env, { log: testLog() })).rejects.toThrow(refuses ? 'refused' : 'two jobs')
  expect(close).toHaveBeenCalledTimes(refuses ? 0 : 1)
  expect(base!.db.pool.ended).toBe(true)
  await vi.waitFor(() => expect(base!.redis.status).toBe('end'))
})
