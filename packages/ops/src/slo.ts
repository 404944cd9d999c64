import type { Alert, Objective } from '@wealist/contract/ops/slo'
import { serviceNames } from '@wealist/contract/topology'
import type { Ctx } from './deps.ts'
import { inTime, joined, type Measured, timed } from './measures.ts'
import * as settings from './settings.ts'

const month = 30 * 86_400
const windows = { '5m': 300, '30m': 1800, '1h': 3600, '6h': 21_600 } as const
type Window = keyof typeof windows
const only = 'requests'

/** How every service does against its targets. The long window is a month, or as far back as anything is known. */
export const get = async (ctx: Ctx) => {
  const [targets, long, ...short] = await Promise.all([
    settings.values(ctx),
    ctx.measures.slices({ seconds: month, step: month, only }),
    ...Object.values(windows).map((seconds) => ctx.measures.slices({ seconds, step: seconds, only })),
  ])
  const latencyMs = targets['slo.latencyMs']
  const wholes = serviceNames.map((name) => joined(long[name]))
  return {
    source: ctx.measures.source,
    latencyMs,
    window: Math.max(0, ...wholes.map((whole) => whole?.span ?? 0)),
    services: serviceNames.map((name, i) => {
      const recent = short.map((slices) => joined(slices[name])?.measured)
      const of = (target: number, counted: Counted) => objective(target, counted, wholes[i]?.measured, recent)
      return {
        name,
        availability: of(targets['slo.availability'], (m) => ({ all: m.requests, good: m.requests - m.errors })),
        latency: of(targets['slo.latency'], (m) => ({ all: timed(m), good: inTime(m, latencyMs) })),
      }
    }),
  }
}

type Counted = (m: Measured) => { all: number; good: number }

const objective = (
  target: number,
  counted: Counted,
  whole: Measured | undefined,
  recent: readonly (Measured | undefined)[],
): Objective => {
  // What Prometheus counts over a window is estimated, each number by itself.
  const share = (m: Measured | undefined) => {
    const { all, good } = m ? counted(m) : none
    return all > 0 ? Math.min(1, Math.max(0, good / all)) : null
  }
  const used = (m: Measured | undefined) => {
    const was = share(m)
    return was === null ? null : (1 - was) / (1 - target)
  }
  const burn = Object.fromEntries(Object.keys(windows).map((name, i) => [name, used(recent[i])])) as Objective['burn']
  const spent = used(whole)
  return {
    target,
    actual: share(whole),
    requests: Math.round(whole ? counted(whole).all : 0),
    budget: spent === null ? null : 1 - spent,
    burn,
    alert: alertOf(burn),
  }
}

const none = { all: 0, good: 0 }

/** The SRE workbook's multi-window rule: both windows must burn, so that what is over stops to alarm. */
export const alertOf = (burn: Record<Window, number | null>): Alert => {
  const above = (window: Window, factor: number) => (burn[window] ?? 0) > factor
  if (above('1h', 14.4) && above('5m', 14.4)) return 'fast'
  if (above('6h', 6) && above('30m', 6)) return 'slow'
  return Object.values(burn).every((b) => b === null) ? 'unknown' : 'ok'
}
