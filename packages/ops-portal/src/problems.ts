import type { Output } from '@wealist/contract/route'
import type { metrics, slo } from '@wealist/contract/ops'
import type { Level } from '@wealist/contract/ops/logs'
import type { Status } from '@wealist/contract/ops/status'
import type { ServiceName } from '@wealist/contract/topology'
import type { Language, Translate } from './i18n.ts'

interface Problem {
  key: string
  title: string
  lead: string
  /** The lines that say why. */
  log?: { service: ServiceName; level?: Level; q?: string }
}
interface Known {
  status: Status | undefined
  slo: Output<typeof slo.get> | undefined
  metrics: Output<typeof metrics.overview> | undefined
}

const names = { postgres: 'PostgreSQL', redis: 'Redis', s3: 'S3' }

/** What is wrong now, the worst first. */
export const problemsOf = (
  { t, language }: { t: Translate; language: Language },
  { status, slo: objectives, metrics: hour }: Known,
): Problem[] => {
  const bad = [...(status?.infrastructure ?? []), ...(status?.services ?? [])].filter((s) => s.status !== 'up')
  const states = bad
    .toSorted((a, b) => Number(b.status === 'down') - Number(a.status === 'down'))
    .map((s): Problem => {
      const condition = t(`condition.${s.status}`)
      const lead = s.reason ?? ''
      return s.name === 'postgres' || s.name === 'redis' || s.name === 's3'
        ? { key: s.name, title: t('overview.status', { name: names[s.name], condition }), lead }
        : { key: s.name, title: t('overview.status', { name: s.name, condition }), lead, log: { service: s.name } }
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
          log: { service: name },
        }
      }),
  )
  const jobs = (hour?.services ?? []).flatMap(({ name, failedJobs }) =>
    Object.entries(failedJobs ?? {}).map(([job, count]): Problem => ({
      key: `${name}-${job}`,
      title: t('overview.jobs', { name, job, count }),
      lead: t('overview.jobsLead'),
      log: { service: name, level: 'error', q: job },
    })),
  )
  return [...states, ...burning, ...jobs]
}
