import { monitorEventLoopDelay } from 'node:perf_hooks'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ServiceName } from '@wealist/contract/topology'
import type { Db } from './db.ts'

/** Bounds of the histogram of requests, in seconds. */
export const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

/**
 * A registry a service, so that several can live in one process. With `ofProcess` event loop lag and memory are in it:
 * what measures them never ends, so a function of Lambda, which nobody asks and which may start a service for each of its
 * events, has none.
 */
export const openMetrics = (service: ServiceName, { ofProcess }: { ofProcess: boolean }) => {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  if (!ofProcess) return registry
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: hour })
  loopMetrics(registry)
  return registry
}

const hour = 3_600_000
const ofLoop = (what: string) => `nodejs_eventloop_lag_${what}_seconds`

// How long each turn of the event loop took since it was last asked. prom-client would have a timer tell, a hundred times
// a second, which was half of what a process used that had nothing to do.
const loopMetrics = (registry: Registry) => {
  for (const what of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99']) registry.removeSingleMetric(ofLoop(what))
  const turns = monitorEventLoopDelay({ samplePerIteration: true })
  turns.enable()
  const gauge = (what: string, help: string, collect?: () => void) =>
    new Gauge({ name: ofLoop(what), help, registers: [registry], ...(collect && { collect }) })
  // The first one is asked first, and tells them all.
  const longest = gauge('max', 'The longest turn of the event loop', () => {
    longest.set(turns.max / 1e9)
    half.set(turns.percentile(50) / 1e9)
    most.set(turns.percentile(99) / 1e9)
    turns.reset()
  })
  const half = gauge('p50', 'Half of the turns of the event loop took no longer')
  const most = gauge('p99', 'All but a hundredth of the turns of the event loop took no longer')
}

/** `http_request_duration_seconds{method,route,status}`; its count is the number of requests. */
export const requestMetrics = (registry: Registry) => {
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer a request',
    labelNames: ['method', 'route', 'status'],
    buckets: requestBuckets,
    registers: [registry],
  })
  return (method: string, route: string, status: number, ms: number) =>
    duration.observe({ method, route, status }, ms / 1000)
}

/** Statements by time, the pool's connections by state, and those who wait for one or for their turn. */
export const databaseMetrics = (registry: Registry) => {
  const duration = new Histogram({
    name: 'db_statement_duration_seconds',
    help: 'Time of a statement; outside of a transaction with the wait for a connection',
    buckets: requestBuckets,
    registers: [registry],
  })
  const watched: Pick<Db, 'pool' | 'inLine'>[] = []
  new Gauge({
    name: 'db_pool_connections',
    help: 'Connections of the pool, and those who wait for one or for their turn',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const sum = (of: (db: (typeof watched)[number]) => number) => watched.reduce((n, db) => n + of(db), 0)
      this.set(
        { state: 'open' },
        sum(({ pool }) => pool.totalCount),
      )
      this.set(
        { state: 'idle' },
        sum(({ pool }) => pool.idleCount),
      )
      this.set(
        { state: 'waiting' },
        sum(({ pool, inLine }) => pool.waitingCount + inLine()),
      )
    },
  })
  return {
    observe: (_: unknown, ms: number) => duration.observe(ms / 1000),
    watch: (db: (typeof watched)[number]) => void watched.push(db),
  }
}

export { Counter, Gauge, Histogram, type Registry }
