import type { Alert, Objective } from '@wealist/contract/ops/slo'
import { serviceNames } from '@wealist/contract/topology'
import type { Ctx } from './deps.ts'
import { joined, type Measured, shareWithin } from './measures.ts'
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
      const of = (target: number, good: (m: Measured) => number | null) =>
        objective(target, good, wholes[i]?.measured, recent)
      return {
        name,
        availability: of(targets['slo.availability'], (m) =>
          m.requests > 0 ? 1 - Math.min(1, m.errors / m.requests) : null,
        ),
        latency: of(targets['slo.latency'], (m) => shareWithin(m, latencyMs)),
      }
    }),
  }
}

const objective = (
  target: number,
  good: (m: Measured) => number | null,
  whole: Measured | undefined,
  recent: readonly (Measured | undefined)[],
): Objective => {
  const used = (m: Measured | undefined) => {
    const share = m ? good(m) : null
    return share === null ? null : Math.max(0, (1 - share) / (1 - target))
  }
  const burn = Object.fromEntries(Object.keys(windows).map((name, i) => [name, used(recent[i])])) as Objective['burn']
  const spent = used(whole)
  return {
    target,
    actual: whole ? good(whole) : null,
    requests: Math.round(whole?.requests ?? 0),
    budget: spent === null ? null : 1 - spent,
    burn,
    alert: alertOf(burn),
  }
}

/** The SRE workbook's multi-window rule: both windows must burn, so that what is over stops to alarm. */
export const alertOf = (burn: Record<Window, number | null>): Alert => {
  const above = (window: Window, factor: number) => (burn[window] ?? 0) > factor
  if (above('1h', 14.4) && above('5m', 14.4)) return 'fast'
  if (above('6h', 6) && above('30m', 6)) return 'slow'
  return Object.values(burn).every((b) => b === null) ? 'unknown' : 'ok'
}
