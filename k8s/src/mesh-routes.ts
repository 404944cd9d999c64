import { DestinationRule } from '@kubernetes-models/istio/networking.istio.io/v1/DestinationRule'
import { VirtualService } from '@kubernetes-models/istio/networking.istio.io/v1/VirtualService'
import { barePaths, type ServiceName, serviceNames, topology } from '@wealist/contract/topology'
import type { Environment } from './environment.ts'
import { ticketRoutes } from './public-paths.ts'

// Nothing was sent yet where no connection came about: that alone may be tried again, whatever the method. A try has no bound
// of its own: one would end an answer that the route still waits for.
const retries = { attempts: 2, retryOn: 'connect-failure' }

const withoutPrefix = (service: ServiceName) => ({
  uriRegexRewrite: { match: `^/api/svc/${service}(/.*)$`, rewrite: '\\1' },
})
const to = (service: ServiceName, env: Environment) => [
  { destination: { host: `${service}.${env.namespace}.svc.cluster.local`, port: { number: topology[service].port } } },
]
/** `/api/tasks/*` is the path itself and what lies below it, and not `/api/tasksandmore`. */
const under = (pattern: string, before = '') => {
  const path = before + pattern.slice(0, -2)
  return [{ uri: { exact: path } }, { uri: { prefix: `${path}/` } }]
}
const asRegex = (path: string) => `^${path.replaceAll('.', '\\.').replaceAll('{*}', '[^/]+')}$`

// Sockets and streams stay open for as long as both sides like.
const open = (service: ServiceName, env: Environment) => {
  const paths = [...new Set(ticketRoutes.filter((r) => r.service === service).map(({ path }) => path))]
  if (paths.length === 0) return []
  return [
    {
      name: `${service}-live`,
      match: paths.map((path) => ({ uri: { regex: asRegex(`/api/svc/${service}${path}`) }, method: { exact: 'GET' } })),
      rewrite: withoutPrefix(service),
      route: to(service, env),
      timeout: '0s',
      retries,
    },
  ]
}

/** Every path of the outside, from the topology; what is not here does not exist. */
export const routesOf = (env: Environment) => [
  new VirtualService({
    metadata: { name: 'api', namespace: env.namespace },
    spec: {
      hosts: [env.domain],
      gateways: ['wealist'],
      http: [
        ...serviceNames.flatMap((service) => open(service, env)),
        ...serviceNames.map((service) => ({
          name: service,
          match: topology[service].public.flatMap((pattern) => under(pattern, `/api/svc/${service}`)),
          rewrite: withoutPrefix(service),
          route: to(service, env),
          timeout: '35s',
          retries,
        })),
        {
          name: 'auth-bare',
          match: barePaths.flatMap((pattern) => under(pattern)),
          route: to('auth', env),
          timeout: '35s',
          retries,
        },
      ],
    },
  }),
  new VirtualService({
    metadata: { name: 'portal', namespace: env.namespace },
    spec: {
      hosts: [env.portalHost],
      gateways: ['wealist'],
      http: [
        {
          name: 'portal',
          match: [{ uri: { prefix: '/' } }],
          route: [{ destination: { host: `ops-portal.${env.namespace}.svc.cluster.local`, port: { number: 3001 } } }],
          timeout: '15s',
          retries,
        },
      ],
    },
  }),
  ...serviceNames.map(
    (service) =>
      new DestinationRule({
        metadata: { name: service, namespace: env.namespace },
        spec: {
          host: `${service}.${env.namespace}.svc.cluster.local`,
          trafficPolicy: {
            // Bounds what waits, not what is open: a socket is a connection of its own for hours.
            connectionPool: {
              tcp: { maxConnections: 100_000, connectTimeout: '3s', tcpKeepalive: { time: '60s', interval: '20s' } },
              http: { http1MaxPendingRequests: 1000, http2MaxRequests: 100_000, idleTimeout: '30s' },
            },
            // Who cannot be reached is left out for a while. Who answers 503 says that Redis or PostgreSQL is away, as all others
            // would, or that it has enough to do: their load on the rest would be the next failure.
            outlierDetection: {
              splitExternalLocalOriginErrors: true,
              consecutiveLocalOriginFailures: 5,
              consecutiveGatewayErrors: 0,
              consecutive5xxErrors: 0,
              interval: '10s',
              baseEjectionTime: '30s',
              maxEjectionPercent: 50,
            },
          },
        },
      }),
  ),
]
