import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import type { Base } from '@wealist/kit/context'
import { type Counted, readExposition } from './exposition.ts'
import { bounds, byName, type Measured, type Measures, type Slice } from './measures.ts'
import type { Targets } from './targets.ts'

/** What a service had done at `at` since ops began to look, over all its replicas, and how it was then. */
interface Sample extends Measured {
  at: number
}

export interface History extends Measures {
  close(): void
}

/**
 * Metrics without Prometheus: every service's `/metrics` read each few seconds, the last hours kept in memory. A counter
 * that has fallen belongs to a process that began anew, so what is kept only ever rises. Where the process is frozen
 * between requests nothing is read and nothing known.
 */
export const openHistory = ({
  targets,
  seconds,
  hours,
  clock,
  log,
  resident,
}: { targets: Targets; seconds: number; hours: number } & Pick<Base, 'clock' | 'log' | 'resident'>): History => {
  const keep = Math.ceil((hours * 3600) / seconds)
  const samples = new Map<ServiceName, Sample[]>(serviceNames.map((name) => [name, []]))
  const before = new Map<string, Counted>()
  let begun: number | undefined

  const scrape = async (name: ServiceName) => {
    const found = await targets.of(name)
    const answers = await Promise.allSettled(
      found.map(async (target) => ({ target, now: readExposition((await targets.ask(target, '/metrics')).text) })),
    )
    const good = answers.flatMap((a) => (a.status === 'fulfilled' ? [a.value] : []))
    if (good.length === 0) return
    const all = samples.get(name)!
    const sample = added(
      all.at(-1),
      good.map(({ target, now }) => risen(now, before.get(target), begun)),
      clock.now(),
    )
    for (const { target, now } of good) before.set(target, now)
    all.push(sample)
    if (all.length > keep) all.shift()
    for (const target of before.keys()) if (before.size > 1000) before.delete(target)
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  let closed = false
  const round = async () => {
    // One that does not answer is seen in the status; here it leaves a gap.
    await Promise.all(
      serviceNames.map((name) => scrape(name).catch((error: unknown) => log.debug({ err: error }, name))),
    )
    begun ??= clock.now() / 1000
    if (!closed) timer = setTimeout(() => void round(), seconds * 1000).unref()
  }
  if (resident) void round()

  return {
    source: 'scrape',
    slices: async (span) => {
      const now = clock.now()
      return Object.fromEntries(serviceNames.map((name) => [name, cut(samples.get(name)!, now, span)])) as Record<
        ServiceName,
        Slice[]
      >
    },
    close: () => {
      closed = true
      clearTimeout(timer)
    },
  }
}

// What a replica did since it was last asked. One never seen counts from its beginning only where it began after us.
const risen = (now: Counted, was: Counted | undefined, begun: number | undefined): Counted => {
  const base = was && was.started === now.started ? was : undefined
  if (!base && !(begun !== undefined && now.started > begun)) return { ...now, ...none }
  return {
    ...now,
    requests: now.requests - (base?.requests ?? 0),
    errors: now.errors - (base?.errors ?? 0),
    cpu: now.cpu - (base?.cpu ?? 0),
    buckets: now.buckets.map((n, i) => n - (base?.buckets[i] ?? 0)),
  }
}
const none = { requests: 0, errors: 0, cpu: 0, buckets: bounds.map(() => 0) }

const added = (last: Sample | undefined, replicas: readonly Counted[], at: number): Sample => {
  const sum = (of: (m: Counted) => number) => replicas.reduce((n, m) => n + of(m), 0)
  const known = (of: (m: Counted) => number | null, how: (...of: number[]) => number) => {
    const values = replicas.map(of).filter((v) => v !== null)
    return values.length > 0 ? how(...values) : null
  }
  const total = (...values: number[]) => values.reduce((a, b) => a + b, 0)
  return {
    at,
    requests: (last?.requests ?? 0) + sum((m) => m.requests),
    errors: (last?.errors ?? 0) + sum((m) => m.errors),
    cpu: (last?.cpu ?? 0) + sum((m) => m.cpu),
    buckets: bounds.map((_, i) => (last?.buckets[i] ?? 0) + sum((m) => m.buckets[i]!)),
    memory: known((m) => m.memory, total),
    lag: known((m) => m.lag, Math.max),
    sockets: known((m) => m.sockets, total),
    waiting: known((m) => m.waiting, total),
    // Every replica counts the same rows.
    failedJobs: byName(
      replicas.map((m) => m.failedJobs),
      Math.max,
    ),
  }
}

/** The samples of the last `seconds` in slices of `step`; a slice begins where the one before ended. */
export const cut = (
  samples: readonly Sample[],
  now: number,
  { seconds, step }: { seconds: number; step: number },
): Slice[] => {
  const slices: Slice[] = []
  let i = 0
  let last: Sample | undefined
  for (let to = now - (seconds - step) * 1000; to <= now; to += step * 1000) {
    const from = to - step * 1000
    while (i < samples.length && samples[i]!.at <= from) last = samples[i++]
    let end: Sample | undefined
    while (i < samples.length && samples[i]!.at <= to) {
      // What was counted before ops began to look is nobody's to tell.
      last ??= samples[i]
      end = samples[i++]
    }
    const known = end && last && end.at > last.at
    slices.push(known ? { from: last!.at, to: end!.at, measured: between(last!, end!) } : { from, to })
    last = end ?? last
  }
  return slices
}

const between = (a: Sample, b: Sample): Measured => ({
  ...b,
  requests: b.requests - a.requests,
  errors: b.errors - a.errors,
  cpu: b.cpu - a.cpu,
  buckets: b.buckets.map((n, i) => n - a.buckets[i]!),
})
