import { randomBytes } from 'node:crypto'
import { type Node, type ServiceName, serviceNames, topology } from '@wealist/contract/topology'
import type { Env } from '@wealist/kit/config'

export type Ports = Record<ServiceName, number>

/** What the local world has, from which each service's environment is made. */
export interface LocalWorld {
  ports: Ports
  gateway: number
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

/** A key a receiver, new at each start: nothing outside this run knows it. */
const internalKeys = Object.fromEntries(
  serviceNames.map((name) => [name, randomBytes(24).toString('base64url')]),
) as Record<ServiceName, string>
export const internalKeyOf = (service: ServiceName) => internalKeys[service]

// A LiveKit is nobody's to embed: one that runs elsewhere is named by whoever starts this.
const ofLiveKit = (): Env =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('LIVEKIT_')))

/** What only one service reads. */
const forService: Partial<Record<ServiceName, (world: LocalWorld) => Env>> = {
  auth: ({ keysFile, oidc, gateway }) => ({
    KEYS_FILE: keysFile,
    OIDC_ISSUER: oidc.issuer,
    GOOGLE_CLIENT_ID: oidc.clientId,
    GOOGLE_CLIENT_SECRET: oidc.clientSecret,
    REDIRECT_URIS: `http://localhost:${gateway}/,http://localhost:3001/,http://localhost:5173/`,
  }),
  chat: ofLiveKit,
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
    DATABASE_URL: world.databases[service],
    REDIS_URL: world.redis.url,
    REDIS_PREFIX: world.redis.prefix,
    AUTH_ISSUER: origin,
    AUTH_JWKS_URL: `http://127.0.0.1:${world.ports.auth}/.well-known/jwks.json`,
    INTERNAL_KEYS: internalKeys[service],
    CORS_ORIGINS: `http://localhost:3001,http://localhost:5173,${origin}`,
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
