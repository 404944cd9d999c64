import * as z from 'zod'
import { time } from '../fields.ts'
import { route } from '../route.ts'
import { serviceName } from './status.ts'

/** How far back to look, and by it how fine: at most 120 points. */
export const Period = z.enum(['15m', '1h', '6h', '24h'])
export type Period = z.infer<typeof Period>

/** Prometheus where one is configured, else what ops itself has read from each service since it started. */
export const Source = z.enum(['prometheus', 'scrape'])
export type Source = z.infer<typeof Source>

const perSecond = z.number().min(0).nullable()
const share = z.number().min(0).max(1).nullable().describe('0 to 1')
const ms = z.number().min(0).nullable().describe('Milliseconds')
const amount = z.number().min(0).nullable()

const figures = {
  /** Requests a second, all routes. */
  requests: perSecond,
  /** Share of answers that were 5xx. */
  errors: share,
  /** Milliseconds within which 50, 95 and 99 of 100 requests were answered, by the histogram's buckets. */
  p50: ms,
  p95: ms,
  p99: ms,
  /** Processor, in cores: 1 is one core busy all the time. */
  cpu: amount,
  /** Resident memory in bytes, all replicas. */
  memory: amount,
  /** Milliseconds by which the event loop is late, the worst replica. */
  lag: ms,
  /** Open sockets and streams. */
  sockets: amount,
  /** Requests that wait for a database connection. */
  waiting: amount,
  /** How many jobs of each name cannot succeed and are kept; `{}` where there are none. */
  failedJobs: z.record(z.string(), z.int().min(1)).nullable(),
}

/** What a service did in a period; null where nothing is known of it. */
export const Figures = z.strictObject(figures).meta({ id: 'Figures' })
export type Figures = z.infer<typeof Figures>

/** The same at one moment, over the step before it. */
export const Point = z.strictObject({ at: time, ...figures }).meta({ id: 'Point' })
export type Point = z.infer<typeof Point>

const head = {
  period: Period,
  source: Source,
  /** Since when anything is known; later than the period's begin where ops has only begun to look. Null: nothing yet. */
  since: time.nullable(),
}

export const ServiceFigures = z.strictObject({ name: serviceName, ...figures }).meta({ id: 'ServiceFigures' })
export type ServiceFigures = z.infer<typeof ServiceFigures>

export const ServiceSeries = z
  .strictObject({ name: serviceName, figures: Figures, points: z.array(Point) })
  .meta({ id: 'ServiceSeries' })
export type ServiceSeries = z.infer<typeof ServiceSeries>

const query = z.strictObject({ period: Period.default('1h') })

export const overview = route({
  method: 'GET',
  path: '/api/metrics/overview',
  summary: 'Requests, errors, latency and load of every service over a period, and of all together',
  access: 'role',
  role: 'viewer',
  query,
  response: z.strictObject({ ...head, total: Figures, services: z.array(ServiceFigures) }),
  example: {},
})

export const services = route({
  method: 'GET',
  path: '/api/metrics/services',
  summary: 'The same over time, for plots',
  access: 'role',
  role: 'viewer',
  query,
  response: z.strictObject({ ...head, services: z.array(ServiceSeries) }),
  example: { query: { period: '15m' } },
})

export const service = route({
  method: 'GET',
  path: '/api/metrics/services/{name}',
  summary: 'One service over time',
  access: 'role',
  role: 'viewer',
  params: z.strictObject({ name: serviceName }),
  query,
  response: z.strictObject({ ...head, service: ServiceSeries }),
  example: { params: { name: 'board' }, query: { period: '6h' } },
})
