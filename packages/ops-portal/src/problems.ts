import type { Output } from '@wealist/contract/route'
import type { metrics, slo } from '@wealist/contract/ops'
import type { Status } from '@wealist/contract/ops/status'
import type { ServiceName } from '@wealist/contract/topology'
import { useText } from './i18n.ts'

interface Problem {
  key: string
  title: string
  lead: string
  service?: ServiceName
}
interface Known {
  status: Status | undefined
  slo: Output<typeof slo.get> | undefined
  metrics: Output<typeof metrics.overview> | undefined
}

const names = { postgres: 'PostgreSQL', redis: 'Redis', s3: 'S3' }

/** What is wrong now, the worst first. */
export const useProblems = ({ status, slo: objectives, metrics: hour }: Known): Problem[] => {
  const { t, language } = useText()
  const bad = [...(status?.infrastructure ?? []), ...(status?.services ?? [])].filter((s) => s.status !== 'up')
  const states = bad
    .toSorted((a, b) => Number(b.status === 'down') - Number(a.status === 'down'))
    .map((s): Problem => {
      const condition = t(`condition.${s.status}`)
      const lead = s.reason ?? ''
      return s.name === 'postgres' || s.name === 'redis' || s.name === 's3'
        ? { key: s.name, title: t('overview.status', { name: names[s.name], condition }), lead }
        : { key: s.name, title: t('overview.status', { name: s.name, condition }), lead, service: s.name }
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
          service: name,
        }
      }),
  )
  const jobs = (hour?.services ?? [])
    .filter((s) => (s.failedJobs ?? 0) > 0)
    .map(({ name, failedJobs }): Problem => ({
      key: `${name}-jobs`,
      title: t('overview.jobs', { name, count: failedJobs! }),
      lead: t('overview.jobsLead'),
      service: name,
    }))
  return [...states, ...burning, ...jobs]
}
