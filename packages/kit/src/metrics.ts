import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ServiceName } from '@wealist/contract/topology'
import type { Db } from './db.ts'

/** Bounds of the histogram of requests, in seconds. */
export const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

/** A registry a service, so that several can live in one process. Event loop lag and memory are in the default metrics. */
export const openMetrics = (service: ServiceName) => {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  return registry
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
    help: 'Time of a statement, waiting for its connection excluded',
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
    observe: (_: string, ms: number) => duration.observe(ms / 1000),
    watch: (db: (typeof watched)[number]) => void watched.push(db),
  }
}

export { Counter, Gauge, Histogram, type Registry }
