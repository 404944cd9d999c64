import { expect, test } from 'vitest'
import { objectsOf } from './render.ts'

const { monitoring } = objectsOf('prod')

test('Prometheus, installed as `prometheus`, takes every monitor and every rule', () => {
  const found = monitoring.filter(({ kind }) => ['ServiceMonitor', 'PrometheusRule'].includes(kind))
  expect(new Set(found.map(({ kind }) => kind)).size).toBe(2)
  for (const { kind, metadata } of found)
    expect([kind, metadata.name, metadata.labels]).toEqual([kind, metadata.name, { release: 'prometheus' }])
})

test('an alert says nothing that it does not know: of labels only those that its expression keeps', () => {
  const { groups } = monitoring.find(({ kind }) => kind === 'PrometheusRule')!['spec']
  const rules = groups.flatMap((group: { rules: object[] }) => group.rules.filter((rule) => 'alert' in rule)) as {
    alert: string
    expr: string
    annotations: { summary: string }
  }[]
  expect(rules.length).toBeGreaterThan(5)
  for (const { alert, expr, annotations } of rules) {
    const [, kept = ''] = /by \(([\w, ]+)\)/.exec(expr) ?? []
    const told = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!)
    expect([alert, told.filter((label) => !kept.split(', ').includes(label))]).toEqual([alert, []])
  }
})
