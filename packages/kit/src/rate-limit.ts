import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { Config } from './config.ts'
import type { Log } from './log.ts'
import type { Redis } from './redis.ts'

export type Policy = 'default' | 'sign-in'

/** What a request's limit says: the headers of the IETF draft, with `retry-after` when it is exceeded. */
export interface Limit {
  headers: Record<string, string>
  exceeded: boolean
}

export interface Limiter {
  /** Counts one request of `key` (a person, or a network before sign-in). One round trip; passes while Redis is away. */
  consume(policy: Policy, key: string): Promise<Limit>
}

const seconds = 60
const signIn = 30
const passed: Limit = { headers: {}, exceeded: false }

/** Fixed windows of a minute in Redis: RATE_LIMIT requests, 30 on sign-in routes; RATE_LIMIT=0 counts nothing. */
export const openLimiter = ({ redis, config, log }: { redis: Redis; config: Config; log: Log }): Limiter => {
  const most = config.RATE_LIMIT
  if (most === 0) return { consume: async () => passed }
  const open = (policy: Policy, points: number) => ({
    points,
    // Whoever is over the limit is refused from memory until the window ends.
    windows: new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: `limit:${policy}`,
      points,
      duration: seconds,
      inMemoryBlockOnConsumed: points + 1,
      rejectIfRedisNotReady: true,
    }),
  })
  const policies = { default: open('default', most), 'sign-in': open('sign-in', Math.min(signIn, most)) }

  return {
    consume: async (policy, key) => {
      const { points, windows } = policies[policy]
      const [answer, exceeded] = await windows.consume(key).then(
        (within): [unknown, boolean] => [within, false],
        (over: unknown): [unknown, boolean] => [over, true],
      )
      if (!(answer instanceof RateLimiterRes)) {
        if (redis.status === 'ready') log.warn({ err: answer }, 'requests are not counted')
        return passed
      }
      const wait = Math.ceil(answer.msBeforeNext / 1000)
      const headers: Record<string, string> = {
        'ratelimit-policy': `"${policy}";q=${points};w=${seconds}`,
        ratelimit: `"${policy}";r=${exceeded ? 0 : answer.remainingPoints};t=${wait}`,
      }
      if (exceeded) headers['retry-after'] = String(wait)
      return { headers, exceeded }
    },
  }
}
