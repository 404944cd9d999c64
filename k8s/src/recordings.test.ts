import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { recordingsOf } from './recordings.ts'

test('what ops asks Prometheus for is recorded, and nothing else is', () => {
  const asked = readFileSync(new URL('../../packages/ops/src/prometheus.ts', import.meta.url), 'utf8')
  const names = [...asked.matchAll(/'(\w+:\w+:increase5m)'/g)].map(([, name]) => name)
  const { interval, rules } = recordingsOf('wealist-prod')
  expect(rules.map(({ record }) => record)).toEqual(names)
  // Each sample stands for the time since the one before it: added up they are the whole.
  expect(rules.map(({ expr }) => /\[(\w+)\]/.exec(expr)?.[1])).toEqual(names.map(() => interval))
})
