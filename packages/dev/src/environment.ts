import { randomBytes } from 'node:crypto'
import {
  metricsPort,
  type Node,
  portalPort,
  type ServiceName,
  serviceNames,
  topology,
} from '@wealist/contract/topology'
import type { Env } from '@wealist/kit/config'

export type Ports = Record<ServiceName, number>

/** What the local world has, from which each service's environment is made. */
export interface LocalWorld {
  ports: Ports
  /** Where each tells its metrics, health and last lines; nowhere unless told. */
  metrics?: Ports
  gateway: number
  /** Where browsers find the portal; the topology's port unless told. */
  portal?: number
  databases: Partial<Record<ServiceName, string>>
  redis: { url: string; prefix: string }
  s3: { endpoint: string; bucket: string; accessKeyId: string; secretAccessKey: string }
  oidc: { issuer: string; clientId: string; clientSecret: string }
  /** Where auth keeps its generated signing keys. */
  keysFile: string
  /** Laid over everything else. */
  more?: Env
}

export const defaultPorts = Object.fromEntries(serviceNames.map((name) => [name, topology[name].port])) as Ports
export const defaultMetrics = Object.fromEntries(serviceNames.map((name) => [name, metricsPort(name)])) as Ports

/** A key a receiver, new at each start: nothing outside this run knows it. */
const internalKeys = Object.fromEntries(
  serviceNames.map((name) => [name, randomBytes(24).toString('base64url')]),
) as Record<ServiceName, string>
export const internalKeyOf = (service: ServiceName) => internalKeys[service]

// Where the portal is looked at: as it is built, and as Vite serves it to who works on it.
const portalsAt = (portal: number) => [`http://localhost:${portal}`, 'http://localhost:5173']

// A browser app of one's own, on a port of its own.
const also = (name: string) => process.env[name]?.split(',').filter(Boolean) ?? []

// A LiveKit is nobody's to embed: one that runs elsewhere is named by whoever starts this.
const ofLiveKit = (): Env =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('LIVEKIT_')))

// Nor are the operators' own systems.
const ofOperators = (): Env =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(PROMETHEUS|LOKI|ARGOCD)_/.test(name)))

/** What only one service reads. */
const forService: Partial<Record<ServiceName, (world: LocalWorld) => Env>> = {
  auth: ({ keysFile, oidc, gateway, portal = portalPort }) => ({
    KEYS_FILE: keysFile,
    OIDC_ISSUER: oidc.issuer,
    GOOGLE_CLIENT_ID: oidc.clientId,
    GOOGLE_CLIENT_SECRET: oidc.clientSecret,
    REDIRECT_URIS: [
      `http://localhost:${gateway}/`,
      ...portalsAt(portal).map((at) => `${at}/callback`),
      ...also('REDIRECT_URIS'),
    ].join(),
  }),
  chat: ofLiveKit,
  ops: ({ metrics }) => ({
    ...(metrics &&
      Object.fromEntries(
        serviceNames.map((name) => [`${name.toUpperCase()}_METRICS_URL`, `http://127.0.0.1:${metrics[name]}`]),
      )),
    ...ofOperators(),
  }),
  user: ({ s3 }) => ({
    ASSETS_URL: `${s3.endpoint}/${s3.bucket}`,
    ADMIN_EMAILS: 'alice@example.com',
    // Nobody proves an address on one's own machine: who signs up with alice's is alice, also through the provider.
    SIGN_UP_PROVES_EMAIL: 'true',
  }),
}

const ofBucket = ({ s3 }: LocalWorld): Env => ({
  S3_ENDPOINT: s3.endpoint,
  S3_BUCKET: s3.bucket,
  S3_ACCESS_KEY_ID: s3.accessKeyId,
  S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
})

/** The environment of one service: its own database, its own key, the keys of those it calls, and no others. */
export const environmentOf = (service: ServiceName, world: LocalWorld): Env => {
  const origin = `http://localhost:${world.gateway}`
  const { calls, uses }: Node = topology[service]
  return {
    ENVIRONMENT: 'local',
    HOST: '127.0.0.1',
    PORT: String(world.ports[service]),
    ...(world.metrics && { METRICS_PORT: String(world.metrics[service]), LOG_RECENT: '2000' }),
    DATABASE_URL: world.databases[service],
    REDIS_URL: world.redis.url,
    REDIS_PREFIX: world.redis.prefix,
    AUTH_ISSUER: origin,
    AUTH_JWKS_URL: `http://127.0.0.1:${world.ports.auth}/.well-known/jwks.json`,
    INTERNAL_KEYS: internalKeys[service],
    CORS_ORIGINS: [...portalsAt(world.portal ?? portalPort), origin, ...also('CORS_ORIGINS')].join(),
    DRAIN_SECONDS: '1',
    PUBLIC_URL: origin,
    APP_URL: origin,
    ...(uses.includes('s3') && ofBucket(world)),
    ...forService[service]?.(world),
    ...Object.fromEntries(
      calls.flatMap((peer) => [
        [`${peer.toUpperCase()}_URL`, `http://127.0.0.1:${world.ports[peer]}`],
        [`${peer.toUpperCase()}_KEY`, internalKeys[peer]],
      ]),
    ),
    ...world.more,
  }
}
