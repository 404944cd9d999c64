import { join } from 'node:path'
import { newKeySet } from '@wealist/auth/key-set'
import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import type { Env } from '@wealist/kit/config'
import { type Contained, startContained } from './container-run.ts'
import type { Built } from './container-steps.ts'
import { asAdministrator, createDatabases } from './databases.ts'
import { environmentOf, type LocalWorld, type Ports } from './environment.ts'
import { startGateway } from './gateway.ts'
import { freePort } from './ports.ts'
import { startPostgres } from './postgres.ts'
import { startS3 } from './s3.ts'
import { startSecretsManager } from './secrets-manager.ts'
import { heard } from './testing/log.ts'
import { testRedis } from './testing/redis.ts'

/** What a pod of an image is given, and how its container is started. */
export interface Pod {
  name: string
  port: number
  /** Where it tells its metrics; the portal has none. */
  metrics?: string
  start(args?: string[]): Contained
}

const keys = { accessKeyId: 'containers', secretAccessKey: 'containers-secret' }
const secret = 'wealist/keys'

/** PostgreSQL with empty databases, Redis, S3, Secrets Manager and the gateway; and a pod for each image, not started yet. */
export const containerWorld = async (dir: string, built: Record<string, Built>) => {
  const postgres = await startPostgres({ dir: join(dir, 'postgres'), durable: false })
  const s3 = await startS3({ dir: join(dir, 's3'), port: await freePort(), buckets: ['wealist'], ...keys })
  const secrets = await startSecretsManager({ secrets: { [secret]: JSON.stringify(await newKeySet(new Date())) } })
  const [ports, metrics] = [await portsOfAll(), await portsOfAll()]
  const targets = Object.fromEntries(serviceNames.map((name) => [name, { port: ports[name] }])) as never
  const gateway = await startGateway({ port: 0, targets })
  const world: LocalWorld = {
    ports,
    metrics,
    gateway: gateway.port,
    databases: await createDatabases(postgres.url),
    redis: testRedis(),
    s3: { endpoint: s3.url, bucket: 'wealist', ...keys },
    oidc: { issuer: 'http://127.0.0.1:9', clientId: '', clientSecret: '' },
    keysFile: '',
    more: {
      ENVIRONMENT: 'prod',
      SIGN_UP_PROVES_EMAIL: '',
      KEYS_SECRET_ID: secret,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
      AWS_REGION: 'ap-northeast-2',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
    },
  }
  const pod = (name: string, port: number, env: Env): Pod => ({
    name,
    port,
    ...(env['METRICS_PORT'] && { metrics: `http://127.0.0.1:${env['METRICS_PORT']}/metrics` }),
    start: (args) => {
      const contained = startContained(built[name]!, env, args)
      void contained.ended.then(() => [...contained.out, ...contained.err].forEach(heard))
      return contained
    },
  })
  const apart = { PORT: String(await freePort()), METRICS_PORT: String(await freePort()) }
  const portal = await freePort()
  const pods = [
    ...serviceNames.map((name) => pod(name, ports[name], environmentOf(name, world))),
    pod('storage-thumbnails', Number(apart.PORT), { ...environmentOf('storage', world), ...apart }),
    pod('ops-portal', portal, { API_URL: `http://localhost:${gateway.port}`, PORT: String(portal), HOST: '127.0.0.1' }),
  ]
  return {
    origin: `http://localhost:${gateway.port}`,
    pods,
    /** In production an address is proved by Google; here nobody can. */
    makeAdmin: (email: string) =>
      asAdministrator(Object.assign(new URL(postgres.url), { pathname: '/user_db' }).href, (client) =>
        client.query(`update users set role = 'admin' where email = $1`, [email]),
      ),
    stop: async () => {
      await gateway.stop()
      await secrets.stop()
      await s3.stop()
      await postgres.stop()
    },
  }
}

const portsOfAll = async () => {
  const ports: [ServiceName, number][] = []
  for (const name of serviceNames) ports.push([name, await freePort()])
  return Object.fromEntries(ports) as Ports
}
