import { createHash } from 'node:crypto'
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { Problem } from './errors.ts'
import type { Log } from './log.ts'
import type { Redis } from './redis.ts'
import { networkOf } from './request-info.ts'

/** Who guesses what: `secret` is the thing guessed at (an account, a share), `from` the address, by whose network is counted. */
export interface Attempt {
  secret: string
  from: string
}

export interface Attempts {
  /** Counts an attempt before it is decided. Throws 429 with `Retry-After` where there were too many; passes without Redis. */
  take(attempt: Attempt): Promise<void>
  /** The attempt was right: what it cost is given back. */
  succeeded(attempt: Attempt): Promise<void>
  /** Nobody could tell whether it was right: it does not count. */
  undecided(attempt: Attempt): Promise<void>
}

const perAddress = { points: 10, duration: 15 * 60 }
const inAll = { points: 100, duration: 60 * 60 }
const firstWait = 60
const longestWait = 15 * 60

/**
 * A brake on guessing passwords. One address has 10 wrong ones for a secret in 15 minutes, then waits 1, 2, 4 … up to
 * 15 minutes, so that nobody can shut out the owner for long; all addresses together have 100 an hour.
 */
export const openAttempts = ({ redis, name, log }: { redis: Redis; name: string; log: Log }): Attempts => {
  const open = (part: string, rule: { points: number; duration: number }) =>
    new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: `attempts:${name}:${part}`,
      rejectIfRedisNotReady: true,
      ...rule,
    })
  const narrow = open('address', perAddress)
  const wide = open('all', inAll)
  const strikes = open('strikes', { points: 1, duration: 24 * 60 * 60 })

  const count = async (limiter: RateLimiterRedis, key: string) => {
    const answer: unknown = await limiter.consume(key).catch((error: unknown) => error)
    if (answer instanceof RateLimiterRes) return answer
    if (redis.status === 'ready') log.warn({ err: answer }, 'attempts are not counted')
    return undefined
  }

  /** Seconds to wait; each time that an address has used up its attempts they are more. */
  const longer = async ({ consumedPoints, msBeforeNext }: RateLimiterRes, key: string) => {
    if (consumedPoints !== perAddress.points + 1) return msBeforeNext / 1000
    const strike = await count(strikes, key)
    if (!strike) return msBeforeNext / 1000
    const wait = Math.min(firstWait * 2 ** (strike.consumedPoints - 1), longestWait)
    await narrow.block(key, wait).catch(() => undefined)
    return wait
  }

  return {
    take: async (attempt) => {
      const one = await count(narrow, narrowly(attempt))
      if (one && one.consumedPoints > perAddress.points) throw tooMany(await longer(one, narrowly(attempt)))
      // What one address is not heard with counts for nobody else: it could shut the owner out everywhere.
      const all = await count(wide, hash(attempt.secret))
      if (all && all.consumedPoints > inAll.points) throw tooMany(all.msBeforeNext / 1000)
    },
    succeeded: async (attempt) => {
      await Promise.all([narrow.delete(narrowly(attempt)), wide.reward(hash(attempt.secret))]).catch(() => undefined)
    },
    undecided: async (attempt) => {
      await Promise.all([narrow.reward(narrowly(attempt)), wide.reward(hash(attempt.secret))]).catch(() => undefined)
    },
  }
}

const tooMany = (seconds: number) =>
  new Problem('RATE_LIMITED', 'Too many attempts. Wait as long as Retry-After says.', {
    headers: { 'retry-after': String(Math.ceil(seconds)) },
  })

const narrowly = ({ secret, from }: Attempt) => hash(secret, networkOf(from))

const hash = (...parts: string[]) => createHash('sha256').update(parts.join('\n')).digest('base64url')
