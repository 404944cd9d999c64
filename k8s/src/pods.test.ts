import { expect, test } from 'vitest'
import { environmentNames } from './environment.ts'
import { objectsOf } from './render.ts'

interface Variable {
  name: string
  value?: string
  valueFrom?: { secretKeyRef: { name: string; key: string; optional?: boolean } }
}
const podsOf = (name: (typeof environmentNames)[number]) =>
  objectsOf(name)
    .services.filter(({ kind }) => ['Deployment', 'Rollout'].includes(kind))
    .map(({ metadata, spec }) => ({ name: metadata.name, ...spec.template }))

test('ops is told where Argo CD is only along with a token, and starts without both', () => {
  for (const name of environmentNames) {
    const ops = podsOf(name).find((pod) => pod.name === 'ops')!
    const told = (ops.spec.containers[0].env as Variable[]).filter((v) => v.name.startsWith('ARGOCD_'))
    const from = (key: string) => ({
      name: key,
      valueFrom: { secretKeyRef: { name: 'argocd', key, optional: true } },
    })
    expect([name, told]).toEqual([name, name === 'localhost' ? [] : [from('ARGOCD_URL'), from('ARGOCD_TOKEN')]])
  }
})

test('a sidecar has a request and a limit of memory: told one of its resources, the injector leaves out the others', () => {
  for (const name of environmentNames)
    for (const { metadata } of podsOf(name))
      expect(metadata.annotations).toMatchObject({
        'sidecar.istio.io/proxyCPU': expect.stringMatching(/^\d+m$/),
        'sidecar.istio.io/proxyMemory': expect.stringMatching(/^\d+Mi$/),
        'sidecar.istio.io/proxyMemoryLimit': expect.stringMatching(/^\d+Gi$/),
      })
})

test('pods are added by the CPU that they use, not by a share of what they ask for when little happens', () => {
  const scaled = objectsOf('prod').services.filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
  expect(scaled.length).toBeGreaterThan(5)
  for (const { spec } of scaled)
    expect(spec.metrics[0].resource).toEqual({ name: 'cpu', target: { type: 'AverageValue', averageValue: '300m' } })
})
