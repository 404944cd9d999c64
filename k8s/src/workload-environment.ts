import {
  type Image,
  metricsPort,
  type Node,
  type ServiceName,
  serviceNames,
  topology,
  peersOf,
} from '@wealist/contract/topology'
import { poolOf } from './connections.ts'
import { type Environment, monitoring } from './environment.ts'
import { serviceOf } from './images.ts'

type Variables = Record<string, string>

/** How long sockets are told to move on; the pod's grace period is longer. */
export const drainSeconds = 30

const onlyOf: Partial<Record<ServiceName, (env: Environment) => Variables>> = {
  auth: ({ name, origin, portal, aws }) => ({
    REDIRECT_URIS: `${origin}/callback,${portal}/callback`,
    ...(aws ? { KEYS_SECRET_ID: `wealist/${name}/auth-keys` } : { KEYS_FILE: '/keys/keys.json' }),
  }),
  user: ({ aws, domain }) => ({
    ASSETS_URL: aws ? `https://assets.${domain}` : `http://s3.${domain}/wealist`,
    ...(!aws && { SIGN_UP_PROVES_EMAIL: 'true', ADMIN_EMAILS: 'alice@example.com' }),
  }),
  chat: ({ aws, domain }): Variables =>
    aws ? {} : { LIVEKIT_URL: `ws://livekit.${domain}`, LIVEKIT_API_URL: 'http://livekit:7880' },
  ops: ({ namespace, aws }) => ({
    NAMESPACE: namespace,
    ...Object.fromEntries(
      serviceNames.map((s) => [`${s.toUpperCase()}_METRICS_URL`, `http://${s}-metrics:${metricsPort(s)}`]),
    ),
    ...(aws && {
      PROMETHEUS_URL: `http://prometheus-operated.${monitoring}:9090`,
      LOKI_URL: `http://loki.${monitoring}:3100`,
    }),
  }),
}

/** What a pod of a service is told besides its secrets, by name so that diffs read well. */
export const variablesOf = (image: Exclude<Image, 'ops-portal'>, env: Environment): Variables => {
  const service = serviceOf(image) as ServiceName
  const { uses }: Node = topology[service]
  const all: Variables = {
    ENVIRONMENT: env.aws ? env.name : 'local',
    METRICS_PORT: String(metricsPort(service)),
    LOG_RECENT: env.aws ? '0' : '2000',
    REDIS_PREFIX: 'wealist:',
    AUTH_MODE: 'gateway',
    AUTH_ISSUER: env.origin,
    PUBLIC_URL: env.origin,
    CORS_ORIGINS: `${env.origin},${env.portal}`,
    TRUSTED_HOPS: '1',
    DRAIN_SECONDS: String(drainSeconds),
    ...Object.fromEntries(
      peersOf(service).map((peer) => [`${peer.toUpperCase()}_URL`, `http://${peer}:${topology[peer].port}`]),
    ),
    ...(uses.includes('s3') && {
      S3_BUCKET: env.bucket,
      S3_REGION: env.region,
      ...(!env.aws && { S3_ENDPOINT: `http://s3.${env.domain}` }),
    }),
    ...(env.aws && { NODE_EXTRA_CA_CERTS: '/etc/rds/global-bundle.pem' }),
    ...poolOf(image),
    ...onlyOf[service]?.(env),
  }
  return Object.fromEntries(Object.entries(all).toSorted(([a], [b]) => a.localeCompare(b)))
}
