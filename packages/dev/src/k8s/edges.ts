import { metricsPort, type ServiceName, serviceNames, topology } from '@wealist/contract/topology'
import { type Manifest, nameOf, ofKind } from './objects.ts'

/** Who asks whom over the mesh, from the topology: `board → user`. `auth` there stands for keys that the gateway reads. */
export const wanted = serviceNames
  .flatMap((from) => topology[from].calls.filter((to) => to !== 'auth').map((to) => `${from} → ${to}`))
  .toSorted()

interface Peer {
  podSelector?: { matchLabels?: { app?: string } }
  namespaceSelector?: object
}
interface Ports {
  ports?: { port: number }[]
}
const isService = (app: string | undefined): app is ServiceName => serviceNames.includes(app as ServiceName)
const appOf = (peer: Peer) => (peer.namespaceSelector ? undefined : peer.podSelector?.matchLabels?.app)
const hasPort = ({ ports = [] }: Ports, port: number) => ports.some((p) => p.port === port)

const compared = (what: string, found: string[]) => [
  ...wanted.filter((edge) => !found.includes(edge)).map((edge) => `${what} do not allow ${edge}`),
  ...found.filter((edge) => !wanted.includes(edge)).map((edge) => `${what} allow ${edge}, which is no edge`),
  ...found.filter((edge, i) => found.indexOf(edge) !== i).map((edge) => `${what} allow ${edge} twice`),
]

/** Each edge once as an entrance, once as an exit, once in the mesh, and no other between services. */
export const edgesWrong = (objects: Manifest[]): string[] => {
  const policies = ofKind(objects, 'NetworkPolicy').filter(({ spec }) => isService(spec.podSelector?.matchLabels?.app))
  const ways = (direction: 'ingress' | 'egress', side: 'from' | 'to') =>
    policies.flatMap(({ spec }) => {
      const own = spec.podSelector.matchLabels.app as ServiceName
      return ((spec[direction] ?? []) as (Ports & Record<string, Peer[]>)[]).flatMap((rule) =>
        (rule[side] ?? []).flatMap((peer) => {
          const other = appOf(peer)
          const to = direction === 'ingress' ? own : other
          if (!isService(other) || !isService(to) || !hasPort(rule, topology[to].port)) return []
          return [direction === 'ingress' ? `${other} → ${own}` : `${own} → ${other}`]
        }),
      )
    })
  const mesh = ofKind(objects, 'AuthorizationPolicy').flatMap(({ spec, metadata }) =>
    ((spec.rules ?? []) as { from?: { source: { principals?: string[] } }[] }[]).flatMap(({ from = [] }) =>
      from.flatMap(({ source }) =>
        (source.principals ?? []).flatMap((principal) => {
          const [, namespace, account] = /^cluster\.local\/ns\/([\w-]+)\/sa\/([\w-]+)$/.exec(principal) ?? []
          return namespace === metadata.namespace ? [`${account} → ${spec.selector.matchLabels.app}`] : []
        }),
      ),
    ),
  )
  return [
    ...compared('NetworkPolicies’ entrances', ways('ingress', 'from')),
    ...compared('NetworkPolicies’ exits', ways('egress', 'to')),
    ...compared('AuthorizationPolicies', mesh),
  ]
}

/** Rules that let in anybody, or anywhere: without a peer, without a port. Everything that runs has a policy of its own. */
export const openWrong = (objects: Manifest[]): string[] => [
  ...ofKind(objects, 'NetworkPolicy')
    .filter(({ metadata }) => metadata.namespace !== 'istio-ingress')
    .flatMap((policy) =>
      (['ingress', 'egress'] as const).flatMap((direction) =>
        ((policy['spec'][direction] ?? []) as Record<string, unknown[]>[])
          .filter((rule) => !(rule['from'] ?? rule['to'])?.length || !rule['ports']?.length)
          .map(() => `${nameOf(policy)} is open: ${direction} without a peer or a port`),
      ),
    ),
  ...(ofKind(objects, 'NetworkPolicy').some(
    ({ spec }) => Object.keys(spec.podSelector).length === 0 && spec.policyTypes.length === 2 && !spec.ingress,
  )
    ? []
    : ['no NetworkPolicy closes what no other opens']),
  ...(ofKind(objects, 'AuthorizationPolicy').some(({ spec }) => Object.keys(spec ?? {}).length === 0)
    ? []
    : ['no AuthorizationPolicy closes what no other opens']),
  ...ofKind(objects, 'Deployment', 'Rollout')
    .filter(({ metadata }) => metadata.namespace !== 'istio-ingress')
    .flatMap(({ metadata }) =>
      ['NetworkPolicy', 'AuthorizationPolicy']
        .filter((kind) => !objects.some((o) => o.kind === kind && o.metadata.name === metadata.name))
        .map((kind) => `${metadata.name} has no ${kind}`),
    ),
]

/** Exits to pods of our own that the other side does not let in: each is written once on either side. */
export const doorsWrong = (objects: Manifest[]): string[] => {
  const policies = ofKind(objects, 'NetworkPolicy').map((policy) => policy['spec'])
  const labelled = (labels: Record<string, string> = {}) => JSON.stringify(labels)
  const letsIn = (to: string, from: string, port: number) =>
    policies.some(
      (spec) =>
        labelled(spec.podSelector.matchLabels) === to &&
        ((spec.ingress ?? []) as (Ports & { from: Peer[] })[]).some(
          (rule) =>
            hasPort(rule, port) &&
            rule.from.some((peer) => !peer.namespaceSelector && labelled(peer.podSelector?.matchLabels) === from),
        ),
    )
  return policies.flatMap((spec) => {
    const from = labelled(spec.podSelector.matchLabels)
    return ((spec.egress ?? []) as (Ports & { to: Peer[] })[]).flatMap(({ to, ports = [] }) =>
      to
        .filter((peer) => peer.podSelector && !peer.namespaceSelector)
        .flatMap((peer) =>
          ports
            .filter(({ port }) => !letsIn(labelled(peer.podSelector!.matchLabels), from, port))
            .map(
              ({ port }) =>
                `${from} may go to ${labelled(peer.podSelector!.matchLabels)} at ${port}, and is not let in`,
            ),
        ),
    )
  })
}

/** Ports of metrics, which the mesh leaves to the network: ops and Prometheus, and nobody else. */
export const metricsWrong = (objects: Manifest[]): string[] =>
  ofKind(objects, 'NetworkPolicy').flatMap((policy) => {
    const app = policy['spec'].podSelector?.matchLabels?.app as string | undefined
    const service = app === 'storage-thumbnails' ? 'storage' : app
    if (!isService(service)) return []
    const rules = ((policy['spec'].ingress ?? []) as (Ports & { from: Peer[] })[]).filter((rule) =>
      hasPort(rule, metricsPort(service)),
    )
    const who = rules.flatMap(({ from }) => from.map((peer) => JSON.stringify(peer))).toSorted()
    const expected = [
      '{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"monitoring"}}}',
      '{"podSelector":{"matchLabels":{"app":"ops"}}}',
    ]
    return JSON.stringify(who) === JSON.stringify(expected)
      ? []
      : [`${nameOf(policy)}: its metrics are told to ${who.join(', ')}`]
  })
