import { readdirSync, readFileSync } from 'node:fs'
import { images } from '@wealist/contract/topology'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { objectsOf } from './render.ts'

const { monitoring } = objectsOf('prod')
interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; runbook_url: string }
}
const groups = monitoring.find(({ kind }) => kind === 'PrometheusRule')!['spec'].groups as { rules: Rule[] }[]
const rules = groups.flatMap((group) => group.rules.filter((rule) => 'alert' in rule))

test('Prometheus, installed as `prometheus`, takes every monitor and every rule', () => {
  const found = monitoring.filter(({ kind }) => ['ServiceMonitor', 'PodMonitor', 'PrometheusRule'].includes(kind))
  expect(new Set(found.map(({ kind }) => kind)).size).toBe(3)
  for (const { kind, metadata } of found)
    expect([kind, metadata.name, metadata.labels]).toEqual([kind, metadata.name, { release: 'prometheus' }])
})

test('an alert says nothing that it does not know: of labels only those that its expression keeps', () => {
  expect(rules.length).toBeGreaterThan(5)
  for (const { alert, expr, annotations } of rules) {
    const [, kept = ''] = /by \(([\w, ]+)\)/.exec(expr) ?? []
    const told = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!)
    expect([alert, told.filter((label) => !kept.split(', ').includes(label))]).toEqual([alert, []])
  }
})

test('a service of which no pod is left is told: Prometheus has no line of what it has no address of', () => {
  const { expr } = rules.find(({ alert }) => alert === 'ServiceGone')!
  const looked = [...expr.matchAll(/absent\(up\{namespace="wealist-prod",service="([\w-]+)-metrics"\}\)/g)]
  expect(looked.map(([, image]) => image)).toEqual(images.filter((image) => image !== 'ops-portal'))
  const gone = (name: string) => rules.find(({ alert }) => alert === name)!.expr
  expect(gone('EntranceGone')).toMatch(/istio-ingress.*gateway-.*vector\(0\)\) == 0$/)
  expect(gone('PortalGone')).toMatch(/wealist-prod.*ops-portal-.*vector\(0\)\) == 0$/)
})

test('every metric that is asked for is told by kit, or by a part of the platform that is known to tell it', () => {
  const kit = new URL('../../packages/kit/src/', import.meta.url)
  const source = readdirSync(kit, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(new URL(file, kit), 'utf8'))
    .join('\n')
  // Of prom-client, Prometheus itself, kube-state-metrics, Istio's gateway and Argo CD.
  const others = ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'up']
  others.push('kube_pod_status_ready', 'istio_requests_total', 'argocd_app_info')
  const boards = monitoring
    .filter(({ kind }) => kind === 'ConfigMap')
    .flatMap(({ data }) => Object.values(data as Record<string, string>))
  const said = [JSON.stringify(groups), ...boards].join('\n')
  const asked = new Set([...said.matchAll(/\b([a-z_]+)\{/g)].map(([, name]) => name!))
  expect(asked.size).toBeGreaterThan(12)
  const known = (name: string) =>
    others.includes(name) || source.includes(`'${name.replace(/_(count|bucket|sum)$/, '')}'`)
  expect([...asked].filter((name) => !known(name))).toEqual([])
})

test('each alert reaches somebody, and says where to read what to do', () => {
  const runbook = readFileSync(new URL('../runbook.md', import.meta.url), 'utf8')
  const values = readFileSync(new URL('../platform/prometheus.yaml', import.meta.url), 'utf8')
  const { route, receivers } = (parse(values) as { alertmanager: { config: Record<string, any> } }).alertmanager.config
  const reaches = (severity: string) => {
    const matches = (matcher: string) => {
      const [, name, pattern] = /^(\w+) =~? "(.*)"$/.exec(matcher)!
      return name === 'severity' && new RegExp(`^(?:${pattern})$`).test(severity)
    }
    const found = route.routes.find(({ matchers }: { matchers: string[] }) => matchers.every(matches))
    return receivers.find(({ name }: { name: string }) => name === (found ?? route).receiver)
  }
  expect(reaches('page')).toHaveProperty('pagerduty_configs')
  expect(reaches('critical')).toHaveProperty('pagerduty_configs')
  expect(reaches('ticket')).toHaveProperty('slack_configs')
  for (const { alert, labels, annotations } of rules) {
    expect(['page', 'ticket']).toContain(labels.severity)
    const [, anchor] = annotations.runbook_url.split('/k8s/runbook.md#')
    expect([alert, anchor]).toEqual([alert, alert.toLowerCase()])
    expect(runbook).toContain(`\n### ${alert}\n`)
  }
})
