import { topology } from '@wealist/contract/topology'
import { openAuth } from './auth.ts'
import { openBus } from './bus.ts'
import type { Config, Env } from './config.ts'
import type { Base } from './context.ts'
import { openDb } from './db.ts'
import { type LiveServer, openLive } from './live/live.ts'
import { type Log, openLog } from './log.ts'
import { databaseMetrics, openMetrics } from './metrics.ts'
import { openPeers } from './peer.ts'
import { openSigned } from './peer-iam.ts'
import { type Limiter, openLimiter } from './rate-limit.ts'
import { openRecent, type Recent } from './recent.ts'
import { openRedis, ready } from './redis.ts'
import { openRevocations, revocationChannel } from './revocations.ts'
import type { ServiceSpec } from './service.ts'
import type { Observe } from './sql.ts'

/** Replaced by tests and by the adapters. */
export interface Overrides {
  log?: Log
  /** Where the lines of the log go; standard output unless told. */
  logTo?: { write(line: string): void }
  clock?: Base['clock']
  /** Sees every statement; for tests that count them. */
  observe?: Observe
  /** False where the process is frozen between requests (Lambda): nothing is remembered, no timer runs. */
  resident?: boolean
  /** With `resident: false`: runs the jobs that are apart, and no others. */
  apart?: boolean
}

/** Kit's own part of a service, and what of it is not for rules. */
export interface OpenBase {
  base: Base
  live: LiveServer
  limiter: Limiter
  peers: ReturnType<typeof openPeers>
  recent: Recent
  close(): Promise<void>
}

/**
 * Opens what every service has, before its own. Does not wait for PostgreSQL, and three seconds at most for Redis.
 * `poke` is called after a commit that added jobs.
 */
export const openBase = async (
  { name, sockets = [], features }: Pick<ServiceSpec, 'name' | 'sockets' | 'features'>,
  { config, env, overrides, poke }: { config: Config; env: Env; overrides: Overrides; poke: () => void },
): Promise<OpenBase> => {
  const { resident = true, clock = Date } = overrides
  const recent = openRecent(name, config.LOG_RECENT)
  const log = overrides.log ?? openLog({ service: name, level: config.LOG_LEVEL, stream: overrides.logTo, recent })
  const metrics = openMetrics(name, { ofProcess: config.METRICS_PORT !== undefined })
  const peers = openPeers(name, config, config.PEER_AUTH === 'iam' ? openSigned(env) : undefined)
  const redis = openRedis({ url: config.REDIS_URL, prefix: config.REDIS_PREFIX, cluster: config.REDIS_CLUSTER, log })
  const sql = databaseMetrics(metrics)
  const { database } = topology[name]
  const db =
    database === null
      ? undefined
      : openDb({
          url: config.DATABASE_URL ?? `postgres://localhost:5432/${database}`,
          max: config.DATABASE_POOL,
          idle: config.DATABASE_IDLE_MS,
          log,
          observe: (statement, ms) => {
            sql.observe(statement, ms)
            overrides.observe?.(statement, ms)
          },
          onCommit: ({ events, jobs }) => {
            if (events.length > 0) live.publish(events)
            if (jobs) poke()
          },
        })
  if (db) sql.watch(db)
  await ready(redis)
  const revocations = await openRevocations({ redis, config, log, clock, remember: resident })
  const auth = openAuth({ config, redis, revocations, log, clock })
  const limiter = openLimiter({ config, redis, log })
  const bus = openBus({ redis, prefix: config.REDIS_PREFIX, log })
  // Where nothing is remembered nothing is nudged, and no line is kept open for it.
  const deaf = resident ? bus.subscribe(revocationChannel, () => revocations.nudge()) : undefined
  const opened = {
    service: name,
    config,
    log,
    // A service without a database declares so in the topology and never touches `db`.
    db: db!,
    redis,
    bus,
    metrics,
    clock,
    resident,
    revocations,
    auth,
    call: peers({}),
  }
  const live = openLive({
    base: opened,
    bus,
    limiter,
    sockets,
    streams: features.flat().some(({ route }) => route.stream),
    url: db && config.DATABASE_URL,
  })
  return {
    base: { ...opened, live },
    live,
    limiter,
    peers,
    recent,
    close: async () => {
      await live.close()
      await auth.close()
      deaf?.()
      await revocations.close()
      bus.close()
      redis.disconnect()
      await db?.close()
    },
  }
}
