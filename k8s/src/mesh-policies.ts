import { EnvoyFilter } from '@kubernetes-models/istio/networking.istio.io/v1alpha3/EnvoyFilter'
import { AuthorizationPolicy } from '@kubernetes-models/istio/security.istio.io/v1/AuthorizationPolicy'
import { PeerAuthentication } from '@kubernetes-models/istio/security.istio.io/v1/PeerAuthentication'
import { RequestAuthentication } from '@kubernetes-models/istio/security.istio.io/v1/RequestAuthentication'
import { Telemetry } from '@kubernetes-models/istio/telemetry.istio.io/v1/Telemetry'
import { metricsPort, type ServiceName, topology, type Image, images } from '@wealist/contract/topology'
import { type Environment, ingress, principal } from './environment.ts'
import { early } from './gateway-filter.ts'
import { serviceOf } from './images.ts'
import { callersOf } from './network.ts'
import { outsideOf, publicRoutes, ticketRoutes } from './public-paths.ts'

const atGateway = { selector: { matchLabels: { app: 'gateway' } } }

/** At the gateway: a token is required but where the contract says that anybody may ask, or a ticket is redeemed. */
const entrance = (env: Environment) => [
  new RequestAuthentication({
    metadata: { name: `tokens-${env.name}`, namespace: ingress.namespace },
    spec: {
      ...atGateway,
      jwtRules: [
        {
          issuer: env.origin,
          audiences: ['wealist'],
          // Read by the gateway itself, over the mesh (PILOT_JWT_ENABLE_REMOTE_JWKS=envoy): istiod is not in it.
          jwksUri: `http://auth.${env.namespace}.svc.cluster.local:${topology.auth.port}/.well-known/jwks.json`,
          outputPayloadToHeader: 'x-jwt-payload',
          forwardOriginalToken: false,
        },
      ],
    },
  }),
  new AuthorizationPolicy({
    metadata: { name: `entrance-${env.name}`, namespace: ingress.namespace },
    spec: {
      ...atGateway,
      action: 'ALLOW',
      rules: [
        {
          from: [{ source: { requestPrincipals: [`${env.origin}/*`] } }],
          to: [{ operation: { hosts: [env.domain], paths: ['/api/svc/*'] } }],
        },
        {
          to: [...publicRoutes, ...ticketRoutes].map((route) => ({
            operation: { hosts: [env.domain], methods: [route.method], paths: outsideOf(route) },
          })),
        },
        // Browsers ask before they ask; services answer by their list of origins.
        { to: [{ operation: { hosts: [env.domain], methods: ['OPTIONS'], paths: ['/api/svc/*'] } }] },
        { to: [{ operation: { hosts: [env.portalHost], methods: ['GET', 'HEAD'] } }] },
        ...(env.aws ? [] : [{ to: [{ operation: { hosts: [`s3.${env.domain}`, `livekit.${env.domain}`] } }] }]),
      ],
    },
  }),
  new EnvoyFilter({
    metadata: { name: `early-${env.name}`, namespace: ingress.namespace },
    spec: { workloadSelector: { labels: { app: 'gateway' } }, configPatches: early },
  }),
]

const publicPaths = (service: ServiceName) =>
  topology[service].public.flatMap((pattern) => [pattern.slice(0, -2), pattern])

/** At a pod: the gateway reaches what is public, peers what is internal, and the metrics port is the network's affair. */
const atPod = (image: Image, env: Environment) => {
  const service = serviceOf(image)
  const gateway = { source: { principals: [principal(ingress.namespace, ingress.account)] } }
  const rules =
    service === 'ops-portal'
      ? [{ from: [gateway], to: [{ operation: { ports: ['3001'], methods: ['GET', 'HEAD'] } }] }]
      : [
          ...(image === 'storage-thumbnails'
            ? []
            : [
                {
                  from: [gateway],
                  to: [{ operation: { ports: [String(topology[service].port)], paths: publicPaths(service) } }],
                },
                ...callersOf(service).map((caller) => ({
                  from: [{ source: { principals: [principal(env.namespace, caller)] } }],
                  to: [{ operation: { ports: [String(topology[service].port)], paths: ['/internal/*'] } }],
                })),
              ]),
          { to: [{ operation: { ports: [String(metricsPort(service))], methods: ['GET'] } }] },
        ]
  return new AuthorizationPolicy({
    metadata: { name: image, namespace: env.namespace },
    spec: { selector: { matchLabels: { app: image } }, action: 'ALLOW', rules },
  })
}

/** Who may ask whom, and who is asking: the mesh's half of what NetworkPolicies say of addresses. */
export const policiesOf = (env: Environment) => [
  new PeerAuthentication({
    metadata: { name: 'strict', namespace: env.namespace },
    spec: { mtls: { mode: 'STRICT' } },
  }),
  ...images
    .filter((image) => image !== 'ops-portal')
    .map(
      (image) =>
        // Prometheus is not in the mesh; its NetworkPolicy lets it and ops reach this port alone.
        new PeerAuthentication({
          metadata: { name: image, namespace: env.namespace },
          spec: {
            selector: { matchLabels: { app: image } },
            mtls: { mode: 'STRICT' },
            portLevelMtls: { [String(metricsPort(serviceOf(image) as ServiceName))]: { mode: 'PERMISSIVE' } },
          },
        }),
    ),
  // Nobody may do anything that no other policy allows.
  new AuthorizationPolicy({ metadata: { name: 'nothing-else', namespace: env.namespace }, spec: {} }),
  ...images.map((image) => atPod(image, env)),
  ...entrance(env),
  // What no service saw is written down by the gateway alone. By whom, has to be named: the mesh itself writes nothing.
  ...[env.namespace, ingress.namespace].map(
    (namespace) =>
      new Telemetry({
        metadata: { name: 'wealist', namespace },
        spec: {
          accessLogging: [{ providers: [{ name: 'wealist' }], filter: { expression: 'response.code >= 500' } }],
          tracing: [{ randomSamplingPercentage: env.name === 'prod' ? 1 : 10 }],
        },
      }),
  ),
]
