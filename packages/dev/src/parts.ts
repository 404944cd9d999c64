import { join } from 'node:path'
import { gatewayPort, portalPort, serviceNames, topology } from '@wealist/contract/topology'
import { createDatabases } from './databases.ts'
import { defaultMetrics, defaultPorts, type LocalWorld } from './environment.ts'
import { migrateAll, startFleet } from './fleet.ts'
import { startGateway } from './gateway.ts'
import { givenRedis, givenS3 } from './given.ts'
import { landing } from './landing.ts'
import { startOidc } from './oidc.ts'
import { startPortal } from './portal.ts'
import { startProcesses } from './processes.ts'
import { step } from './progress.ts'
import { startRedis } from './redis.ts'
import { startS3 } from './s3.ts'
import { people, seed } from './seed.ts'

/** One `npm start`, as its parts need it. */
export interface Run {
  dir: string
  oidcPort: number
  s3Port: number
  /** Remembers what to stop; what comes too late is stopped at once. */
  keep<T extends { stop(): Promise<void> }>(name: string, part: T): Promise<T>
  /** To be told of a part that ended by itself. */
  ended(what: string): void
  /** A line for the log. */
  log(line: string): void
  /** A sentence for people, shown at the end of the start. */
  note(text: string): void
}

const oidcClient = { clientId: 'wealist-local', clientSecret: 'wealist-local-secret' }
const s3Keys = { accessKeyId: 'wealist-local', secretAccessKey: 'wealist-local-secret' }
const bucket = 'wealist'
const origin = `http://localhost:${gatewayPort}`

type Parts = Pick<LocalWorld, 'redis' | 's3' | 'oidc'>

/** Redis, S3 and the sign-in in Google's place; `REDIS_URL` and `S3_ENDPOINT` name real ones. */
export const startParts = async (run: Run): Promise<Parts> => {
  const { REDIS_URL, S3_ENDPOINT } = process.env
  const [redis, s3, oidc] = await Promise.all([
    REDIS_URL
      ? step('Redis (REDIS_URL)', () => givenRedis(REDIS_URL))
      : step('Redis (embedded: in memory, people sign in again after a restart)', async () =>
          run.keep('Redis', await startRedis()),
        ),
    S3_ENDPOINT
      ? step('S3 (S3_ENDPOINT)', () => givenS3(S3_ENDPOINT, bucket, run.note))
      : step('S3 (embedded)', () => s3Here(run)),
    step('sign-in in Google’s place', () => googleHere(run)),
  ])
  return { redis: { url: redis.url, prefix: 'wealist:' }, s3, oidc: { issuer: oidc.issuer, ...oidcClient } }
}

const s3Here = async ({ dir, s3Port, keep }: Run) => {
  const options = { dir: join(dir, 's3'), port: s3Port, buckets: [bucket], publicPrefixes: ['avatars/'] }
  const s3 = await keep('S3', await startS3({ ...options, ...s3Keys }))
  return { endpoint: s3.url, bucket, ...s3Keys }
}

const googleHere = async ({ oidcPort, keep }: Run) => {
  const redirectUris = [`${origin}/api/oauth2/callback/google`]
  const options = { port: oidcPort, ...oidcClient, redirectUris, accounts: Object.values(people) }
  return keep('sign-in', await startOidc(options))
}

/** The portal needs nobody to start, and is there as soon as it is built. */
export const portalHere = ({ keep }: Run) =>
  step('portal', async () => keep('portal', await startPortal({ port: portalPort, apiUrl: origin })))

/** Databases, gateway, services and what is in them; gives the people who can sign in. */
export const startServices = async (run: Run, given: Parts & { postgres: string; how: How }) => {
  const { postgres, how, ...parts } = given
  const databases = await step('databases', async () => {
    const urls = await createDatabases(postgres)
    await migrateAll(urls)
    return urls
  })
  const keysFile = join(run.dir, 'auth-keys.json')
  const at = { ports: defaultPorts, metrics: defaultMetrics, gateway: gatewayPort }
  const world: LocalWorld = { ...parts, ...at, databases, keysFile }
  // Before the services, so that it is stopped after them: they say goodbye to open sockets through it.
  const targets = Object.fromEntries(serviceNames.map((name) => [name, { port: topology[name].port }])) as never
  await step('gateway', async () => run.keep('gateway', await startGateway({ port: gatewayPort, targets, landing })))
  await step(titles[how], () => ways[how](run, world))
  await step('alice and bob', () => seed(origin))
  return { people }
}

const together = (run: Run, world: LocalWorld) => {
  const logTo = { write: (line: string) => run.log(line.trimEnd()) }
  const named = { ...world, more: { LOG_LEVEL: process.env['LOG_LEVEL'], ...world.more } }
  return startFleet(named, { logTo }).then((fleet) => run.keep('services', fleet))
}

/** How the services run: in this process, each in one of its own, or as Lambda would. */
export type How = 'together' | 'processes' | 'lambda'
const titles: Record<How, string> = {
  together: 'services',
  processes: 'services, a process each',
  lambda: 'services, as functions of Lambda',
}

const asFunctions = async (run: Run, world: LocalWorld) => {
  const { startLambdaFleet } = await import('./lambda-fleet.ts')
  const tick = Number(process.env['SCHEDULE_SECONDS'] ?? 60) * 1000
  await run.keep('functions', await startLambdaFleet(world, { onLine: run.log, tick }))
}

const apart = async (run: Run, world: LocalWorld) => {
  const { processes } = await run.keep('services', await startProcesses(world, run.log))
  for (const { service, ended } of processes) void ended.then(() => run.ended(service))
}

const ways: Record<How, (run: Run, world: LocalWorld) => Promise<unknown>> = {
  together,
  processes: apart,
  lambda: asFunctions,
}
