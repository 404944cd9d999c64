import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { alertsOf } from './alerts.ts'
import { environmentOf } from './environment.ts'
import { recordingsOf } from './recordings.ts'

test('what ops asks Prometheus for is recorded, and nothing else is', () => {
  const asked = readFileSync(new URL('../../packages/ops/src/prometheus.ts', import.meta.url), 'utf8')
  const names = [...asked.matchAll(/'(\w+:\w+:increase5m)'/g)].map(([, name]) => name)
  const { interval, rules } = recordingsOf('wealist-prod')
  expect(rules.map(({ record }) => record)).toEqual(names)
  // Each sample stands for the time since the one before it: added up they are the whole.
  expect(rules.map(({ expr }) => /\[(\w+)\]/.exec(expr)?.[1])).toEqual(names.map(() => interval))
})

test('how long ops waits for a service that hangs is not counted as its own lateness, neither in what is recorded nor in what alerts', () => {
  const spec = JSON.parse(JSON.stringify(alertsOf(environmentOf('prod')))).spec as {
    groups: { rules: { alert?: string; record?: string; expr: string }[] }[]
  }
  const rules = spec.groups.flatMap(({ rules }) => rules)
  const timed = rules.filter(({ alert, expr }) => alert?.startsWith('Latency') || /_seconds_bucket/.test(expr))
  expect(timed.map(({ alert, record }) => alert ?? record)).toEqual([
    'service_le:http_request_buckets:increase5m',
    'LatencyBurnsFast',
    'LatencyBurnsSlowly',
  ])
  for (const { expr } of timed)
    for (const [selector] of expr.matchAll(/http_request_duration_seconds_\w+\{[^}]*\}/g))
      expect(selector).toContain(',route!="/api/status"')
  // What it answers counts all the same.
  const others = rules.filter(({ expr }) => /http_request_duration_seconds_count/.test(expr))
  expect(
    others.filter(({ expr }) => !expr.includes('/api/status')).map(({ alert, record }) => alert ?? record),
  ).toEqual([
    'service:http_requests:increase5m',
    'service:http_errors:increase5m',
    'AvailabilityBurnsFast',
    'AvailabilityBurnsSlowly',
  ])
})
