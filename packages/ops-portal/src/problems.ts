import type { metrics, slo } from '@wealist/contract/ops'
import type { Level } from '@wealist/contract/ops/logs'
import type { Point } from '@wealist/contract/ops/metrics'
import type { Status } from '@wealist/contract/ops/status'
import type { Output } from '@wealist/contract/route'
import type { ServiceName } from '@wealist/contract/topology'
import { minute, zone } from './format.ts'
import type { Language, Translate } from './i18n.ts'
import { reasonIn } from './reasons.ts'

interface Problem {
  key: string
  title: string
  lead: string
  /** The lines that say why. */
  log?: { service: ServiceName; level?: Level; q?: string }
  /** Whose figures say more. */
  service?: ServiceName
}
interface Known {
  status: Status | undefined
  slo: Output<typeof slo.get> | undefined
  metrics: Output<typeof metrics.overview> | undefined
  /** The last hour in steps, where it was asked. */
  series?: Output<typeof metrics.services> | undefined
}

export const pieceNames = { postgres: 'PostgreSQL', redis: 'Redis', s3: 'S3' }

/** What is wrong now, the worst first. */
export const problemsOf = (
  { t, language }: { t: Translate; language: Language },
  { status, slo: objectives, metrics: hour, series }: Known,
): Problem[] => {
  const services = status?.services ?? []
  const pieces = (status?.infrastructure ?? [])
    .filter((piece) => piece.status !== 'up')
    .map(({ name, reason }): Problem => {
      const without = services.filter(({ checks }) => checks[name] === 'away').map((s) => s.name)
      const missed = without.length > 0 && t('overview.missedBy', { names: without.join(', ') })
      return {
        key: name,
        title: t('overview.status', { name: pieceNames[name], condition: t('condition.down') }),
        lead: [reasonIn(t, reason), missed].filter(Boolean).join(' · '),
      }
    })
  const states = services
    .filter((s) => s.status !== 'up')
    .toSorted((a, b) => Number(b.status === 'down') - Number(a.status === 'down'))
    .map(({ name, status: condition, reason }): Problem => {
      const points = series?.services.find((s) => s.name === name)?.points
      const since = condition === 'down' && points && lastHeard({ t, language }, points)
      return {
        key: name,
        title: t('overview.status', { name, condition: t(`condition.${condition}`) }),
        lead: [reasonIn(t, reason), since].filter(Boolean).join(' · '),
        service: name,
      }
    })
  const burning = (objectives?.services ?? []).flatMap(({ name, ...of }) =>
    (['availability', 'latency'] as const)
      .filter((kind) => of[kind].alert === 'fast' || of[kind].alert === 'slow')
      .map((kind): Problem => {
        const factor = Math.round(of[kind].burn['1h'] ?? of[kind].burn['6h'] ?? 0).toLocaleString(language)
        return {
          key: `${name}-${kind}`,
          title: t('overview.burn', { name, factor }),
          lead: t(`overview.burn.${kind}`),
          // What fails says so in the log; what is slow shows where figures are drawn.
          ...(kind === 'availability' ? { log: { service: name, level: 'error' } } : { service: name }),
        }
      }),
  )
  const jobs = (hour?.services ?? []).flatMap(({ name, failedJobs }) =>
    Object.entries(failedJobs ?? {}).map(([job, count]): Problem => ({
      key: `${name}-${job}`,
      title: t('overview.jobs', { name, job, count: count.toLocaleString(language) }),
      lead: t('overview.jobsLead'),
      service: name,
    })),
  )
  return [...pieces, ...states, ...burning, ...jobs]
}

/** Until when a service that is down had told its figures, to the minute. */
export const lastHeard = (
  { t, language }: { t: Translate; language: Language },
  points: readonly Pick<Point, 'at' | 'cpu'>[],
): string => {
  const last = points.findLast(({ cpu }) => cpu !== null)
  return last
    ? t('overview.lastHeard', { time: `${minute(language, last.at)} ${zone(language)}` })
    : t('overview.unheard')
}
