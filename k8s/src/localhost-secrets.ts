import { randomBytes } from 'node:crypto'
import { type Node, serviceNames, topology, peersOf } from '@wealist/contract/topology'
import { stringify } from 'yaml'
import { environmentOf } from './environment.ts'

// Secrets for Kind, new each time: `node k8s/src/localhost-secrets.ts | kubectl create -f -`. What Secrets Manager holds elsewhere.
const { namespace } = environmentOf('localhost')
const made = () => randomBytes(24).toString('base64url')
const postgres = made()
const redis = made()
const s3 = { user: 'wealist', password: made() }
const livekit = { key: 'wealist', secret: made() }
const databaseUrl = (role: string, password: string, database: string) =>
  `postgres://${role}:${password}@postgres:5432/${database}`
const internal = Object.fromEntries(serviceNames.map((name) => [name, made()]))

const secret = (name: string, stringData: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  stringData,
})
const ofService = (service: (typeof serviceNames)[number]) => {
  const { database, uses }: Node = topology[service]
  return secret(service, {
    ...(database && { DATABASE_URL: databaseUrl(`wealist_${service}`, made(), database) }),
    REDIS_URL: `redis://:${redis}@redis:6379`,
    INTERNAL_KEYS: internal[service]!,
    ...Object.fromEntries(peersOf(service).map((peer) => [`${peer.toUpperCase()}_KEY`, internal[peer]!])),
    ...(uses.includes('s3') && { S3_ACCESS_KEY_ID: s3.user, S3_SECRET_ACCESS_KEY: s3.password }),
    ...(uses.includes('livekit') && { LIVEKIT_API_KEY: livekit.key, LIVEKIT_API_SECRET: livekit.secret }),
  })
}
const all = [
  secret('servers', {
    postgres,
    redis,
    's3-user': s3.user,
    's3-password': s3.password,
    livekit: `${livekit.key}: ${livekit.secret}`,
  }),
  secret('data', { DATABASE_URL: databaseUrl('postgres', postgres, 'postgres') }),
  ...serviceNames.map(ofService),
]
process.stdout.write(all.map((one) => stringify(one)).join('---\n'))
