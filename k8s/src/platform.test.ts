import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { argocd, environmentOf, monitoring } from './environment.ts'
import { objectsOf } from './render.ts'
import { variablesOf } from './workload-environment.ts'

/** What README's `helm install` is given. */
const values = (chart: string) =>
  parse(readFileSync(new URL(`../platform/${chart}.yaml`, import.meta.url), 'utf8')) as Record<string, any>
const asked = variablesOf('ops', environmentOf('prod'))

test('what pods are added by is what the adapter tells of Prometheus', () => {
  const { prometheus, rules } = values('prometheus-adapter')
  expect(`${prometheus.url}:${prometheus.port}`).toBe(asked['PROMETHEUS_URL'])
  const told = rules.custom.map(({ seriesQuery }: { seriesQuery: string }) => seriesQuery.split('{')[0])
  const wanted = objectsOf('prod')
    .services.filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
    .flatMap(({ spec }) => spec.metrics as { type: string; pods?: { metric: { name: string } } }[])
    .flatMap(({ pods }) => (pods ? [pods.metric.name] : []))
  expect(new Set(wanted)).toEqual(new Set(told))
})

test('lines of pods come to where ops asks for them, by the labels that it asks by, and without a tenant', () => {
  const config = values('alloy')['alloy'].configMap.content as string
  expect(/url = "(.+)\/loki\/api\/v1\/push"/.exec(config)?.[1]).toBe(asked['LOKI_URL'])
  const labels = [...config.matchAll(/target_label\s+= "(\w+)"/g)].map(([, label]) => label)
  expect(labels).toEqual(expect.arrayContaining(['namespace', 'app']))
  const loki = values('loki')
  expect([loki['loki'].auth_enabled, loki['deploymentMode'], loki['gateway'].enabled]).toEqual([
    false,
    'Monolithic',
    false,
  ])
  expect(asked['LOKI_URL']).toBe(`http://loki.${monitoring}:3100`)
})

test('thumbnails’ lines are among storage’s, for which ops asks', () => {
  const config = values('alloy')['alloy'].configMap.content as string
  const [, regex, replacement] = /regex\s+= "(.+)"\s+replacement\s+= "(.+)"/.exec(config)!
  const relabelled = (app: string) => app.replace(new RegExp(`^(?:${regex})$`), replacement!)
  expect(['storage-thumbnails', 'storage', 'ops-portal'].map(relabelled)).toEqual(['storage', 'storage', 'ops-portal'])
})

test('Argo CD answers ops plainly, to an account that may read weAlist’s applications and nothing else', () => {
  const { params, cm, rbac } = values('argocd')['configs']
  expect([params['server.insecure'], cm['accounts.ops']]).toEqual([true, 'apiKey'])
  expect((rbac['policy.csv'] as string).trim().split('\n')).toEqual([
    'p, role:ops, applications, get, wealist/*, allow',
    'g, ops, role:ops',
  ])
  // By this name README installs it, which makes the service `argocd-server`.
  expect(argocd).toBe('argocd')
})

const { extensionProviders } = values('istio')['spec'].meshConfig

test('failures are written down at the gateway and at pods, by a way that the mesh is told', () => {
  const telemetries = objectsOf('prod').base.filter(({ kind }) => kind === 'Telemetry')
  expect(telemetries.map(({ metadata }) => metadata.namespace)).toEqual(['wealist-prod', 'istio-ingress'])
  for (const { spec } of telemetries) {
    const [{ providers, filter }] = spec.accessLogging
    expect(filter).toEqual({ expression: 'response.code >= 500' })
    expect(providers).toEqual([{ name: extensionProviders[0].name }])
  }
})

test('a line of the mesh holds no path and no query, in which tokens and tickets stand, and of headers none but these', () => {
  const [{ name, envoyFileAccessLog }] = extensionProviders
  // By this name the mesh has one of its own already, with a format that holds both.
  expect(name).not.toBe('envoy')
  const labels = Object.values(envoyFileAccessLog.logFormat.labels) as string[]
  const headers = labels.filter((label) => label.includes('REQ'))
  expect(headers).toEqual(['%REQ(X-REQUEST-ID)%', '%REQ(:METHOD)%', '%REQ(:AUTHORITY)%'])
  for (const label of labels) expect(label).not.toMatch(/PATH|QUERY|RESP\(|METADATA|STATE/)
})

test('what is shown of a month and of a week is kept as long', () => {
  const { retention } = values('prometheus')['prometheus'].prometheusSpec
  expect(Number.parseInt(retention, 10)).toBeGreaterThanOrEqual(30)
  expect(Number.parseInt(values('loki')['loki'].limits_config.retention_period, 10)).toBeGreaterThanOrEqual(7 * 24)
})
