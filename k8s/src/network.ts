import {
  metricsPort,
  type ServiceName,
  serviceNames,
  topology,
  type Image,
  images,
  peersOf,
} from '@wealist/contract/topology'
import type { INetworkPolicyEgressRule } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyEgressRule'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import type { INetworkPolicyIngressRule } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyIngressRule'
import { argocd, type Environment, ingress, labelsOf, monitoring } from './environment.ts'
import { serviceOf } from './images.ts'

const pod = (app: string) => ({ podSelector: { matchLabels: { app } } })
const inNamespace = (name: string) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } })
const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: 'TCP' as const, port }))

/** Who asks a service over the mesh, besides the gateway. `auth` in the topology stands for its published keys. */
export const callersOf = (service: ServiceName) => serviceNames.filter((caller) => peersOf(caller).includes(service))

/** The servers under a service. On AWS they are outside of the cluster, in the network of the stage. */
const vpc = { ipBlock: { cidr: '10.0.0.0/16' } }
const outside = {
  ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'] },
}

const serversOf = (service: ServiceName, env: Environment): INetworkPolicyEgressRule[] => {
  const uses: readonly string[] = topology[service].uses
  const local = (app: string, port: number) => ({ to: [pod(app)], ports: tcp(port) })
  if (!env.aws)
    return [
      ...(uses.includes('postgres') ? [local('postgres', 5432)] : []),
      ...(uses.includes('redis') ? [local('redis', 6379)] : []),
      ...(uses.includes('s3') ? [local('s3', 9000)] : []),
      ...(uses.includes('livekit') ? [local('livekit', 7880)] : []),
    ]
  const far = ['s3', 'google', 'secrets', 'livekit'].some((piece) => uses.includes(piece))
  return [
    ...(uses.includes('postgres') ? [{ to: [vpc], ports: tcp(5432) }] : []),
    ...(uses.includes('redis') ? [{ to: [vpc], ports: tcp(6379) }] : []),
    ...(far ? [{ to: [outside], ports: tcp(443) }] : []),
    // EKS Pod Identity hands out credentials here.
    ...(uses.includes('s3') || uses.includes('secrets')
      ? [{ to: [{ ipBlock: { cidr: '169.254.170.23/32' } }], ports: tcp(80) }]
      : []),
  ]
}

const watched = (env: Environment): INetworkPolicyEgressRule[] => [
  ...images
    .filter((image) => image !== 'ops-portal')
    .map((image) => ({ to: [pod(image)], ports: tcp(metricsPort(serviceOf(image) as ServiceName)) })),
  ...(env.aws
    ? [
        { to: [inNamespace(monitoring)], ports: tcp(9090, 3100) },
        { to: [inNamespace(argocd)], ports: tcp(8080) },
      ]
    : []),
]

const policyOf = (image: Image, env: Environment) => {
  const service = serviceOf(image)
  const gateway: INetworkPolicyIngressRule = {
    from: [{ ...inNamespace(ingress.namespace), podSelector: { matchLabels: { app: 'gateway' } } }],
    ports: tcp(service === 'ops-portal' ? 3001 : topology[service].port),
  }
  const routed = image !== 'storage-thumbnails'
  return new NetworkPolicy({
    metadata: { name: image, namespace: env.namespace, labels: labelsOf(image) },
    spec: {
      podSelector: { matchLabels: { app: image } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        ...(routed ? [gateway] : []),
        ...(service === 'ops-portal'
          ? []
          : [
              ...(routed
                ? callersOf(service).map((caller) => ({ from: [pod(caller)], ports: tcp(topology[service].port) }))
                : []),
              { from: [inNamespace(monitoring), pod('ops')], ports: tcp(metricsPort(service)) },
            ]),
      ],
      egress:
        service === 'ops-portal'
          ? []
          : [
              ...(routed ? peersOf(service).map((peer) => ({ to: [pod(peer)], ports: tcp(topology[peer].port) })) : []),
              ...serversOf(service, env),
              ...(image === 'ops' ? watched(env) : []),
            ],
    },
  })
}

/** Nothing is allowed that is not written here; names and the mesh's own certificates are, to all. */
export const networkOf = (env: Environment) => [
  new NetworkPolicy({
    metadata: { name: 'nothing-else', namespace: env.namespace },
    spec: {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      egress: [
        {
          to: [inNamespace('kube-system')],
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
        { to: [inNamespace('istio-system')], ports: tcp(15012) },
      ],
    },
  }),
  ...images.map((image) => policyOf(image, env)),
  // Jobs that make and migrate databases.
  new NetworkPolicy({
    metadata: { name: 'databases', namespace: env.namespace },
    spec: {
      podSelector: { matchLabels: { job: 'databases' } },
      policyTypes: ['Egress'],
      egress: [{ to: [env.aws ? vpc : pod('postgres')], ports: tcp(5432) }],
    },
  }),
]
