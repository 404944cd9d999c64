import { expect, test } from 'vitest'
import { objectsOf } from './render.ts'

const { base, services } = objectsOf('prod')
const rollouts = services.filter(({ kind }) => kind === 'Rollout')
const { spec } = base.find(({ kind }) => kind === 'AnalysisTemplate')!

test('a canary is held to what its own pods answer: those that it replaces would hide what it does', () => {
  const [metric] = spec['metrics']
  const selectors = [...metric.provider.prometheus.query.matchAll(/\{(namespace=.*?)\}\[/g)].map(([, of]) => of)
  expect(selectors).toHaveLength(2)
  for (const selector of selectors)
    expect(selector).toContain('namespace="wealist-prod",pod=~"{{args.app}}-{{args.version}}-.+"')
  const wanted = (spec['args'] as { name: string }[]).map(({ name }) => name)
  for (const { metadata, spec: of } of rollouts) {
    const steps = of.strategy.canary.steps as { analysis?: { args: object[] } }[]
    const given = steps.flatMap(({ analysis }) => analysis?.args ?? [])
    if (metadata.name === 'ops-portal') continue
    expect(given).toEqual([
      { name: 'app', value: metadata.name },
      { name: 'version', valueFrom: { podTemplateHashValue: 'Latest' } },
    ])
    expect(given.map((arg) => (arg as { name: string }).name)).toEqual(wanted)
  }
})

test('a canary that answers nothing but 5xx fails, though it has no other answers that could be counted', () => {
  const [{ provider, successCondition }] = spec['metrics']
  // What is not 5xx would be a series that does not exist, and nothing measured is no verdict.
  expect(provider.prometheus.query).toMatch(/^1 - \(sum\(.*status=~"5\.\."\}\[2m\]\)\) or vector\(0\)\) \/ sum\(.*\)$/)
  expect(provider.prometheus.query).not.toContain('!~')
  expect(successCondition).toContain('len(result) == 0')
})

test('what ran before comes back at once, without the steps of something new', () => {
  expect(rollouts.length).toBeGreaterThan(8)
  for (const { metadata, spec: of } of rollouts) {
    expect([metadata.name, of.rollbackWindow]).toEqual([metadata.name, { revisions: 3 }])
    expect(of.revisionHistoryLimit).toBeGreaterThanOrEqual(of.rollbackWindow.revisions)
  }
})
