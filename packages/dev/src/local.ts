import { createWriteStream, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gatewayPort, serviceNames, topology } from '@wealist/contract/topology'
import { openLog } from '@wealist/kit/log'
import { createDatabases } from './databases.ts'
import { defaultPorts, type LocalWorld } from './environment.ts'
import { migrateAll, startFleet } from './fleet.ts'
import { startGateway } from './gateway.ts'
import { landingPage } from './landing.ts'
import { takeLock } from './lock.ts'
import { startOidc } from './oidc.ts'
import { holderOf, isFree } from './ports.ts'
import { startPostgres } from './postgres.ts'
import { startProcesses } from './processes.ts'
import { bold, dim, red, step } from './progress.ts'
import { startRedis } from './redis.ts'
import { repository } from './repository.ts'
import { startS3 } from './s3.ts'
import { people, seed } from './seed.ts'

const oidcPort = 8090
const s3Port = 9000
const oidcClient = { clientId: 'wealist-local', clientSecret: 'wealist-local-secret' }
const s3Keys = { accessKeyId: 'wealist-local', secretAccessKey: 'wealist-local-secret' }
const bucket = 'wealist'
const origin = `http://localhost:${gatewayPort}`

const flags = new Set(process.argv.slice(2))
const dir = join(repository, '.wealist')
const { DATABASE_URL, REDIS_URL, S3_ENDPOINT } = process.env

// What was started, in order; stopped from its end.
const running: { name: string; stop(): Promise<void> }[] = []
const keep = <T extends { stop(): Promise<void> }>(name: string, part: T): T => {
  running.push({ name, stop: () => part.stop() })
  return part
}
const stopAll = async () => {
  for (const part of running.toReversed())
    await part.stop().catch((error: unknown) => console.error(`${part.name}: ${String(error)}`))
}

const checkPorts = async () => {
  const wanted = [
    ...serviceNames.map((name) => [name, topology[name].port] as const),
    ['the gateway', gatewayPort] as const,
    ['the sign-in page in Google’s place', oidcPort] as const,
    ...(S3_ENDPOINT ? [] : [['the embedded S3', s3Port] as const]),
  ]
  const taken = (
    await Promise.all(
      wanted.map(async ([name, port]) =>
        (await isFree(port))
          ? []
          : [
              `  port ${port}, for ${name}, is taken by ${holderOf(port) ?? 'a process that this machine does not name'}`,
            ],
      ),
    )
  ).flat()
  if (taken.length > 0)
    throw new Error(`${taken.join('\n')}\nStop what holds ${taken.length > 1 ? 'them' : 'it'} and run npm start again.`)
}

const start = async () => {
  console.log(`\n${bold('weAlist')} ${dim(`data in ${dir}`)}\n`)
  mkdirSync(dir, { recursive: true })
  const release = takeLock(join(dir, 'lock'))
  keep('lock', { stop: async () => release() })
  await checkPorts()
  if (flags.has('--fresh'))
    for (const part of ['postgres', 's3', 'auth-keys.json']) rmSync(join(dir, part), { recursive: true, force: true })

  const [postgres, redis, s3, oidc] = await Promise.all([
    DATABASE_URL
      ? { url: DATABASE_URL }
      : step('PostgreSQL 17', async () =>
          keep('PostgreSQL', await startPostgres({ dir: join(dir, 'postgres'), durable: true })),
        ),
    REDIS_URL
      ? { url: REDIS_URL }
      : step('Redis (embedded: in memory, people sign in again after a restart)', async () =>
          keep('Redis', await startRedis()),
        ),
    S3_ENDPOINT
      ? { url: S3_ENDPOINT }
      : step('S3 (embedded)', async () =>
          keep(
            'S3',
            await startS3({
              dir: join(dir, 's3'),
              port: s3Port,
              ...s3Keys,
              buckets: [bucket],
              publicPrefixes: ['avatars/'],
            }),
          ),
        ),
    step('sign-in in Google’s place', async () =>
      keep(
        'sign-in',
        await startOidc({
          port: oidcPort,
          ...oidcClient,
          redirectUris: [`${origin}/api/oauth2/callback/google`],
          accounts: Object.values(people),
        }),
      ),
    ),
  ])
  const databases = await step('databases', async () => {
    const urls = await createDatabases(postgres.url)
    await migrateAll(urls)
    return urls
  })
  const world: LocalWorld = {
    ports: defaultPorts,
    gateway: gatewayPort,
    databases,
    redis: { url: redis.url, prefix: 'wealist:' },
    s3: {
      endpoint: s3.url,
      bucket,
      accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? s3Keys.accessKeyId,
      secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? s3Keys.secretAccessKey,
    },
    oidc: { issuer: oidc.issuer, ...oidcClient },
    keysFile: join(dir, 'auth-keys.json'),
  }
  if (flags.has('--processes')) {
    const log = createWriteStream(join(dir, 'services.log'), { flags: 'a' })
    await step('services, a process each', async () =>
      keep('services', await startProcesses(world, (line) => log.write(`${line}\n`))),
    )
  } else {
    const stream = createWriteStream(join(dir, 'services.log'), { flags: 'a' })
    const logOf = (service: string) => openLog({ service, level: process.env['LOG_LEVEL'] ?? 'info', stream })
    await step('services', async () => keep('services', await startFleet(world, logOf)))
  }
  await step('gateway', async () =>
    keep(
      'gateway',
      await startGateway({
        port: gatewayPort,
        targets: Object.fromEntries(serviceNames.map((n) => [n, { port: topology[n].port }])) as never,
        landing: landingPage,
      }),
    ),
  )
  await step('alice and bob', () => seed(origin))

  console.log(`\n  ${bold('weAlist')}     ${origin}`)
  for (const name of serviceNames) console.log(`  ${name.padEnd(11)} http://localhost:${topology[name].port}/docs`)
  console.log(`\n  ${bold('Sign in as')}`)
  for (const { email, password } of Object.values(people)) console.log(`  ${email.padEnd(19)} ${password}`)
  console.log(
    `\n  ${dim(`logs in ${join(dir, 'services.log')} · Ctrl-C stops everything · npm start -- --fresh begins anew`)}\n`,
  )
}

let stopping: Promise<void> | undefined
const stop = (code: number) => {
  stopping ??= stopAll().then(() => process.exit(code))
}
process.on('SIGINT', () => {
  console.log('\n  stopping …')
  stop(0)
})
process.on('SIGTERM', () => stop(0))
start().catch((error: unknown) => {
  console.error(`\n${red('weAlist could not start.')}\n${error instanceof Error ? error.message : String(error)}\n`)
  stop(1)
})
