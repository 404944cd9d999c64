import type { ServiceFigures } from '@wealist/contract/ops/metrics'
import { expect, test } from 'vitest'
import { en, type Key } from './messages.en.ts'
import { ko } from './messages.ko.ts'
import { problemsOf } from './problems.ts'

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

test.each([
  ['en', en],
  ['ko', ko],
] as const)(
  'what failed for good is told job by job, with the lines of the log that say why (%s)',
  (language, texts) => {
    const t = (key: Key, values: Record<string, string | number> = {}) =>
      texts[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]))
    const problems = problemsOf({ t, language }, { status: undefined, slo: undefined, metrics })
    expect(problems.map(({ log }) => log)).toEqual([
      { service: 'board', level: 'error', q: 'objects.remove' },
      { service: 'board', level: 'error', q: 'notice' },
    ])
    for (const part of ['board', 'objects.remove', '2']) expect(problems[0]!.title).toContain(part)
  },
)
