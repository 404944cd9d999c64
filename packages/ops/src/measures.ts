import type { Figures, Source } from '@wealist/contract/ops/metrics'
import { get as status } from '@wealist/contract/ops/status'
import type { ServiceName } from '@wealist/contract/topology'
import { requestBuckets } from '@wealist/kit/metrics'

/** This one waits for whoever hangs, as it promises: how long it takes says nothing of who answers it, and is not timed. */
export const untimed = status.path

/** Bounds of times in seconds; within the last one is every timed request. */
export const bounds = [...requestBuckets, Infinity]
/** The place of a bound as Prometheus writes it; -1 where there is none. */
export const boundOf = (le: string | undefined) => bounds.indexOf(le === '+Inf' ? Infinity : Number(le))

/** What a service did in a span of time (requests, errors, processor seconds) and how it was at its end. */
export interface Measured {
  requests: number
  errors: number
  /** Timed requests that were answered within each of `bounds`, the shorter ones included. */
  buckets: number[]
  cpu: number
  memory: number | null
  lag: number | null
  sockets: number | null
  waiting: number | null
  /** Jobs that are kept, by name; those alone of which there are any. */
  failedJobs: Record<string, number> | null
}

/** Milliseconds since 1970; nothing measured where the service was not heard of in that span. */
export interface Slice {
  from: number
  to: number
  measured?: Measured | undefined
}

export interface Measures {
  source: Source
  /** The last `seconds` of each service in slices of `step` seconds, oldest first; `only` requests where told. */
  slices(span: { seconds: number; step: number; only?: 'requests' }): Promise<Record<ServiceName, Slice[]>>
}

/** What several say by name as one, nothing where none of them knows. */
export const byName = (all: readonly Measured['failedJobs'][], how: (a: number, b: number) => number) => {
  const known = all.filter((of) => of !== null)
  if (known.length === 0) return null
  const sum: Record<string, number> = {}
  for (const of of known) for (const [name, n] of Object.entries(of)) sum[name] = how(sum[name] ?? 0, n)
  return sum
}

/** Several slices as one: what happened added up, the state as it was last. */
export const joined = (slices: readonly Slice[]): { span: number; since: number; measured: Measured } | undefined => {
  const known = slices.flatMap(({ from, to, measured }) => (measured ? [{ from, to, measured }] : []))
  const last = known.at(-1)
  if (!last) return undefined
  const sum = (of: (m: Measured) => number) => known.reduce((n, { measured }) => n + of(measured), 0)
  return {
    span: known.reduce((n, { from, to }) => n + to - from, 0) / 1000,
    since: known[0]!.from,
    measured: {
      ...last.measured,
      requests: sum((m) => m.requests),
      errors: sum((m) => m.errors),
      cpu: sum((m) => m.cpu),
      buckets: bounds.map((_, i) => sum((m) => m.buckets[i]!)),
    },
  }
}

/** Measurements of `span` seconds as figures for people. */
export const figuresOf = (of: { span: number; measured: Measured } | undefined): Figures => {
  if (!of || of.span <= 0) return nothing
  const { span, measured } = of
  const { requests, errors, buckets, cpu, memory, lag, sockets, waiting, failedJobs } = measured
  const quantile = (q: number) => (timed(measured) > 0 ? round(quantileOf(q, buckets) * 1000) : null)
  return {
    requests: round(requests / span),
    errors: requests > 0 ? Math.min(1, errors / requests) : null,
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99),
    cpu: round(cpu / span),
    memory,
    lag: lag === null ? null : round(lag * 1000),
    sockets,
    waiting,
    failedJobs,
  }
}

const nothing: Figures = {
  ...{ requests: null, errors: null, p50: null, p95: null, p99: null },
  ...{ cpu: null, memory: null, lag: null, sockets: null, waiting: null, failedJobs: null },
}

// As Prometheus' histogram_quantile does it: straight within a bucket, the highest bound for what is above it.
const quantileOf = (q: number, buckets: readonly number[]) => {
  const rank = q * buckets.at(-1)!
  const i = buckets.findIndex((n) => n >= rank)
  if (i === requestBuckets.length) return requestBuckets.at(-1)!
  const [low, below] = i === 0 ? [0, 0] : [requestBuckets[i - 1]!, buckets[i - 1]!]
  const within = buckets[i]! - below
  return within === 0 ? low : low + (requestBuckets[i]! - low) * ((rank - below) / within)
}

const round = (value: number) => Math.round(value * 1000) / 1000

/** Requests whose time counts. */
export const timed = ({ buckets }: Measured) => buckets.at(-1)!

/** Those that were answered within so many milliseconds, one of the bounds. */
export const inTime = ({ buckets }: Measured, ms: number) => buckets[bounds.indexOf(ms / 1000)] ?? 0
