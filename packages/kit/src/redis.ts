import { Cluster, Redis } from 'ioredis'
import type { Log } from './log.ts'

/**
 * The process's command connection, to one Redis or, with `cluster`, to all nodes of a cluster of which `url` names one.
 * Fails fast while Redis is away (no offline queue, a second a command), so that no request waits for it; never sends a
 * command twice, because GETDEL and scripts do not bear that.
 */
export const openRedis = ({
  url,
  prefix,
  cluster = false,
  log,
}: {
  url: string
  prefix: string
  cluster?: boolean
  log: Log
}) => {
  const redis = cluster ? openCluster(url, prefix) : new Redis(url, { keyPrefix: prefix, ...common, ...connection })
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

const connection = {
  commandTimeout: 1000,
  // A connection that died without a word is replaced once an answer is missing that long.
  socketTimeout: 5000,
  connectTimeout: 3000,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // Another one took over, and this connection leads to what is a replica now: its address leads to the new one.
  reconnectOnError: (error: Error) => error.message.includes('READONLY'),
}
// Without ioredis' own pipelining: commands of a tick share a round trip anyway, and a pipeline object for each cost more
// than their writes, made each wait for the one before it, and kept commands alive into V8's old space.
const common = {
  enableOfflineQueue: false,
  retryStrategy: (attempt: number) => Math.min(50 * attempt, 1000),
}

// The same commands on many nodes: every script and every command of several keys has them in one hash slot.
const openCluster = (url: string, prefix: string) => {
  const { hostname, port, username, password, protocol } = new URL(url)
  const cluster = new Cluster([{ host: hostname, port: Number(port || 6379) }], {
    keyPrefix: prefix,
    enableOfflineQueue: common.enableOfflineQueue,
    shardedSubscribers: true,
    clusterRetryStrategy: common.retryStrategy,
    // The certificate of a managed cluster names its hosts, not their addresses.
    dnsLookup: (address, found) => found(null, address),
    redisOptions: {
      ...connection,
      ...(username && { username: decodeURIComponent(username) }),
      ...(password && { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' && { tls: {} }),
    },
  })
  return cluster as unknown as Redis
}

/** Keys of one command lie on one node there, and messages have channels of their own kind. */
export const isCluster = (redis: Redis) => (redis as { isCluster?: boolean }).isCluster === true

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
