import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import type { Base } from '@wealist/kit/context'
import * as z from 'zod'
import { boundOf, bounds, byName, type Measured, type Measures, type Slice, untimed } from './measures.ts'
import type { Outside } from './outside.ts'

const Answer = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.object({ service: z.string(), le: z.string().optional(), name: z.string().optional() }),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
})
type Series = z.output<typeof Answer>['data']['result']

/**
 * What rules of the manifests record every five minutes, without routes and pods: a month of the series as they are
 * would be a thousand million samples.
 */
const recorded = {
  requests: 'service:http_requests:increase5m',
  errors: 'service:http_errors:increase5m',
  buckets: 'service_le:http_request_buckets:increase5m',
  cpu: 'service:cpu_seconds:increase5m',
} as const
/** Seconds from which on a step is read from them. */
const long = 900
const patienceMs = 5000

/** What is asked, by name. Nothing that a person wrote ever stands in a query: the namespace is configuration, the step a number. */
const queries = (namespace: string, step: number) => {
  const own = `namespace="${namespace}"`
  const increase = (name: keyof typeof recorded, metric: string, more = '') => {
    const by = name === 'buckets' ? 'service, le' : 'service'
    return step >= long
      ? `sum by (${by}) (sum_over_time(${recorded[name]}{${own}}[${step}s]))`
      : `sum by (${by}) (increase(${metric}{${own}${more}}[${step}s]))`
  }
  return {
    requests: increase('requests', 'http_request_duration_seconds_count'),
    errors: increase('errors', 'http_request_duration_seconds_count', ',status=~"5.."'),
    buckets: increase('buckets', 'http_request_duration_seconds_bucket', `,route!="${untimed}"`),
    cpu: increase('cpu', 'process_cpu_seconds_total'),
    memory: `sum by (service) (process_resident_memory_bytes{${own}})`,
    lag: `max by (service) (nodejs_eventloop_lag_p99_seconds{${own}})`,
    sockets: `sum by (service) (live_listeners{${own}})`,
    waiting: `sum by (service) (db_pool_connections{${own},state="waiting"})`,
    failedJobs: `max by (service, name) (jobs_failed{${own}})`,
  }
}

/** Metrics of all replicas from Prometheus: nine range queries at once, or three where only requests are asked for. */
export const openPrometheus = ({
  url,
  namespace,
  outside,
  clock,
}: { url: string; namespace: string; outside: Outside } & Pick<Base, 'clock'>): Measures => ({
  source: 'prometheus',
  slices: async ({ seconds, step, only }) => {
    // Whole steps, so that who asks again a moment later gets the same slices and Prometheus may remember them.
    const end = Math.floor(clock.now() / 1000 / Math.min(step, 15)) * Math.min(step, 15)
    const start = end - seconds + step
    const ask = async (query: string): Promise<Series> => {
      const params = new URLSearchParams({ query, start: String(start), end: String(end), step: String(step) })
      const answer = await outside.json('Prometheus', `${url}/api/v1/query_range?${params}`, Answer, { ms: patienceMs })
      return answer.data.result
    }
    const asked = Object.entries(queries(namespace, step))
      .filter(([name]) => only === undefined || ['requests', 'errors', 'buckets'].includes(name))
      .map(async ([name, query]) => [name, await ask(query)] as const)
    const found = Object.fromEntries(await Promise.all(asked)) as Record<string, Series>
    const at = Array.from({ length: Math.round(seconds / step) }, (_, i) => start + i * step)
    return Object.fromEntries(
      serviceNames.map((name) => [
        name,
        at.map((to) => ({ from: (to - step) * 1000, to: to * 1000, measured: measuredAt(found, name, to) })),
      ]),
    ) as Record<ServiceName, Slice[]>
  },
})

const measuredAt = (found: Record<string, Series>, service: ServiceName, at: number): Measured | undefined => {
  const of = (name: string) => found[name]?.filter((s) => s.metric.service === service) ?? []
  const then = (series: Series[number] | undefined) => {
    const number = Number(series?.values.find(([time]) => Math.abs(time - at) < 0.5)?.[1])
    return Number.isFinite(number) ? number : null
  }
  const value = (name: string, le?: number) =>
    then(of(name).find((s) => le === undefined || bounds[boundOf(s.metric.le)] === le))
  const memory = value('memory')
  const requests = value('requests')
  if (memory === null && requests === null) return undefined
  return {
    requests: requests ?? 0,
    errors: value('errors') ?? 0,
    cpu: value('cpu') ?? 0,
    buckets: bounds.map((le) => value('buckets', le) ?? 0),
    memory,
    lag: value('lag'),
    sockets: value('sockets'),
    waiting: value('waiting'),
    failedJobs: byName(
      of('failedJobs').map((s) => {
        const n = then(s)
        return n === null ? null : n > 0 ? { [s.metric.name ?? 'unknown']: n } : {}
      }),
      Math.max,
    ),
  }
}
