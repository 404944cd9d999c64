import { Redis } from 'ioredis'
import type { Log } from './log.ts'
import { defineLimits } from './rate-limit.ts'

/**
 * The process's command connection. Fails fast while Redis is away (no offline queue, a second a command), so that no
 * request waits for it; never sends a command twice, because GETDEL and scripts do not bear that.
 */
export const openRedis = ({ url, prefix, log }: { url: string; prefix: string; log: Log }) => {
  const redis = new Redis(url, {
    keyPrefix: prefix,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 1000,
    // A connection that died without a word is replaced once an answer is missing that long.
    socketTimeout: 5000,
    connectTimeout: 3000,
    enableAutoPipelining: true,
    retryStrategy: (attempt) => Math.min(50 * attempt, 1000),
  })
  defineLimits(redis)
  let away = false
  redis.on('error', (error: Error) => {
    if (!away) log.warn({ error: error.message }, 'redis is away')
    away = true
  })
  redis.on('ready', () => {
    if (away) log.info('redis is back')
    away = false
  })
  return redis
}

/** Resolves when the connection is ready, or after `ms` without it: a service starts, degraded, while Redis is away. */
export const ready = (redis: Redis, ms = 3000) =>
  new Promise<boolean>((resolve) => {
    if (redis.status === 'ready') return resolve(true)
    const timer = setTimeout(() => resolve(false), ms)
    redis.once('ready', () => {
      clearTimeout(timer)
      resolve(true)
    })
  })

export type { Redis }
