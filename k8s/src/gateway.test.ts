import { describe, expect, test } from 'vitest'
import { environmentNames } from './environment.ts'
import { type Manifest, objectsOf } from './render.ts'

interface Port {
  port: number
  targetPort: number
}
const status = 15021

describe.each(environmentNames)('the entrance of %s', (name) => {
  const groups = objectsOf(name)
  const objects = Object.values(groups).flat()
  const one = (kind: string, of: string) => objects.find((o) => o.kind === kind && o.metadata.name === of) as Manifest
  const service = one('Service', 'gateway')
  const ports = service['spec'].ports as Port[]
  const sentTo = ports.map(({ targetPort }) => targetPort)

  /** As Istio's `resolvePorts` does it: by the gateway's Service, and a number that it does not have as it is. */
  const bound = (number: number) => ports.find(({ port }) => port === number)?.targetPort ?? number

  test('Envoy binds what is sent to, and the network lets in that and nothing else', () => {
    const { spec } = one('Gateway', 'wealist')
    expect(spec.servers.map(({ port }: { port: { number: number } }) => bound(port.number))).toEqual(sentTo)
    const [rule, ...more] = one('NetworkPolicy', 'gateway')['spec'].ingress
    expect(rule.ports.map(({ port }: Port) => port)).toEqual(sentTo)
    const metrics = { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }] }
    expect(more).toEqual(name === 'localhost' ? [] : [{ ...metrics, ports: [{ protocol: 'TCP', port: 15090 }] }])
    const [container] = one('Deployment', 'gateway')['spec'].template.spec.containers
    expect(container.ports.map((p: { containerPort: number }) => p.containerPort)).toEqual(sentTo)
  })
  test('it has one port: Envoy’s own, which tells how it is, is not among them', () => {
    expect(ports).toHaveLength(1)
    expect(sentTo).not.toContain(status)
  })
  test('what checks it understands what it is sent: the proxy protocol begins every connection', () => {
    const said = service.metadata.annotations ?? {}
    const of = (what: string) => said[`service.beta.kubernetes.io/aws-load-balancer-${what}`]
    if (name === 'localhost') return expect(said).toEqual({})
    expect([of('proxy-protocol'), of('healthcheck-protocol'), of('healthcheck-port')]).toEqual([
      '*',
      'tcp',
      'traffic-port',
    ])
    const { annotations } = one('Deployment', 'gateway')['spec'].template.metadata
    expect(JSON.parse(annotations['proxy.istio.io/config'])).toMatchObject({ gatewayTopology: { proxyProtocol: {} } })
  })
  test('what makes Envoy listen comes with its pods, which are not ready to the load balancer before, and with what waits for them', () => {
    expect(groups.base).toEqual(expect.arrayContaining([one('Gateway', 'wealist'), one('Deployment', 'gateway')]))
  })
  test('an old entrance stays until the load balancer sends to the new one, which takes it minutes', () => {
    const { labels } = one('Namespace', 'istio-ingress').metadata
    expect(labels?.['elbv2.k8s.aws/pod-readiness-gate-inject']).toBe(name === 'localhost' ? undefined : 'enabled')
  })
})
