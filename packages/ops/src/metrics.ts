import type { Period } from '@wealist/contract/ops/metrics'
import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import type { Ctx } from './deps.ts'
import { byName, figuresOf, joined, type Slice } from './measures.ts'

/** Seconds of each period and of its steps. */
const periods: Record<Period, { seconds: number; step: number }> = {
  '15m': { seconds: 900, step: 15 },
  '1h': { seconds: 3600, step: 60 },
  '6h': { seconds: 21_600, step: 300 },
  '24h': { seconds: 86_400, step: 900 },
}

const read = async ({ measures }: Pick<Ctx, 'measures'>, period: Period) => {
  const slices = await measures.slices(periods[period])
  const first = Math.min(...Object.values(slices).flatMap((all) => joined(all)?.since ?? Infinity))
  const since = Number.isFinite(first) ? new Date(first).toISOString() : null
  return { slices, head: { period, source: measures.source, since } }
}

export const overview = async (ctx: Ctx, period: Period) => {
  const { slices, head } = await read(ctx, period)
  return {
    ...head,
    total: figuresOf(together(slices)),
    services: serviceNames.map((name) => ({ name, ...figuresOf(joined(slices[name])) })),
  }
}

export const services = async (ctx: Ctx, period: Period) => {
  const { slices, head } = await read(ctx, period)
  return { ...head, services: serviceNames.map((name) => series(name, slices[name])) }
}

export const service = async (ctx: Ctx, name: ServiceName, period: Period) => {
  const { slices, head } = await read(ctx, period)
  return { ...head, service: series(name, slices[name]) }
}

const series = (name: ServiceName, slices: readonly Slice[]) => ({
  name,
  figures: figuresOf(joined(slices)),
  points: slices.map((slice) => ({ at: new Date(slice.to).toISOString(), ...figuresOf(joined([slice])) })),
})

// All services as one: side by side, so the span is the longest of theirs and their states add up.
const together = (slices: Record<ServiceName, Slice[]>) => {
  const all = serviceNames.flatMap((name) => joined(slices[name]) ?? [])
  const one = joined(all.map(({ measured }) => ({ from: 0, to: 0, measured })))
  if (!one) return undefined
  const add = (of: (m: (typeof all)[number]['measured']) => number | null) => {
    const known = all.map(({ measured }) => of(measured)).filter((v) => v !== null)
    return known.length > 0 ? known.reduce((a, b) => a + b, 0) : null
  }
  const lags = all.map(({ measured }) => measured.lag).filter((v) => v !== null)
  return {
    span: Math.max(...all.map(({ span }) => span)),
    measured: {
      ...one.measured,
      memory: add((m) => m.memory),
      lag: lags.length > 0 ? Math.max(...lags) : null,
      sockets: add((m) => m.sockets),
      waiting: add((m) => m.waiting),
      failedJobs: byName(
        all.map(({ measured }) => measured.failedJobs),
        (a, b) => a + b,
      ),
    },
  }
}
