import type { ServiceFigures } from '@wealist/contract/ops/metrics'
import type { ServiceStatus, Status } from '@wealist/contract/ops/status'
import { expect, test, vi } from 'vitest'
import { problemsOf } from './problems.ts'
import { translate } from './translate.ts'

const figures = {
  ...{ requests: 1, errors: 0, p50: 1, p95: 1, p99: 1 },
  ...{ cpu: 1, memory: 1, lag: 1, sockets: 0, waiting: 0 },
}
const services: ServiceFigures[] = [
  { name: 'board', ...figures, failedJobs: { 'objects.remove': 2, notice: 1 } },
  { name: 'chat', ...figures, failedJobs: {} },
  { name: 'auth', ...figures, failedJobs: null },
]
const total = { ...figures, failedJobs: null }
const metrics = { period: '1h', source: 'scrape', since: null, total, services } as const

const nothing = { status: undefined, slo: undefined, metrics: undefined }

test.each(['en', 'ko'] as const)(
  'what failed for good is told job by job, and leads to where it can be tried again (%s)',
  (language) => {
    const problems = problemsOf({ t: translate(language), language }, { ...nothing, metrics })
    expect(problems.map(({ service: of }) => of)).toEqual(['board', 'board'])
    for (const part of ['board', 'objects.remove', '2']) expect(problems[0]!.title).toContain(part)
  },
)

const service = (name: ServiceStatus['name'], more: Partial<ServiceStatus>): ServiceStatus => ({
  ...{
    name,
    status: 'up',
    responseTime: 1,
    versions: ['1'],
    replicas: { ready: 1, total: 1 },
    checks: {},
    reason: null,
  },
  ...more,
})
const down = service('chat', { status: 'down', reason: 'no answer within 1.5 s' })
const degraded = service('board', { status: 'degraded', checks: { redis: 'away' }, reason: 'it cannot reach redis' })
const redis = { name: 'redis', status: 'down', responseTime: null, reason: 'no answer within 1.5 s' } as const
const status: Status = {
  status: 'down',
  at: '2026-11-28T04:24:07Z',
  services: [degraded, down],
  infrastructure: [redis],
}
const unknown = { ...figures, cpu: null, failedJobs: null }

test('who is down says why and since when, and leads to its figures; what is away says who misses it', () => {
  vi.stubEnv('TZ', 'Asia/Seoul')
  const points = [
    { at: '2026-11-28T04:12:00.000Z', ...figures, failedJobs: null },
    { at: '2026-11-28T04:13:00.000Z', ...unknown },
  ]
  const series = {
    period: '1h',
    source: 'scrape',
    since: null,
    services: [{ name: 'chat', figures: unknown, points }],
  } as const
  const told = problemsOf({ t: translate('en'), language: 'en' }, { ...nothing, status, series: series as never })
  vi.unstubAllEnvs()
  expect(told.map(({ title, lead, service: of }) => [title, lead, of])).toEqual([
    ['Redis is down', 'no answer within 1.5 s · missed by board', undefined],
    ['chat is down', 'no answer within 1.5 s · last heard of at about 13:12 GMT+9', 'chat'],
    ['board is degraded', 'it cannot reach redis', 'board'],
  ])
})
