import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { call } from '@wealist/contract/call'
import type { CallInput, Output, RouteSpec } from '@wealist/contract/route'
import { members, users, workspaces } from '@wealist/contract/user'
import type { ServiceName } from '@wealist/contract/topology'
import { newId } from '@wealist/kit/ids'
import pg from 'pg'
import { createDatabases } from '../src/databases.ts'
import { defaultPorts, internalKeyOf, type LocalWorld } from '../src/environment.ts'
import { migrateAll } from '../src/fleet.ts'
import { freePort } from '../src/ports.ts'
import { startPostgres } from '../src/postgres.ts'
import { startRedis } from '../src/redis.ts'
import { startS3 } from '../src/s3.ts'
import { type Line, startLine } from '../src/testing/line.ts'
import { hasRedisServer, startRedisServer } from '../src/testing/redis-server.ts'
import { heard } from '../src/testing/log.ts'
import { secrets } from '../src/testing/secrets.ts'
import { openPods } from './storm.pods.ts'

export interface Person {
  id: string
  email: string
  name: string
  /** Of the platform; `user` unless told. */
  role?: 'admin'
}
export type Storm = Awaited<ReturnType<typeof startStorm>>

const password = 'a long password'
const issuer = 'http://localhost:1'
const keys = { accessKeyId: 'test', secretAccessKey: 'test-secret' }

/** The claims that the gateway hands on. */
const headersOf = (person: Person): Record<string, string> => {
  const iat = Math.floor(Date.now() / 1000)
  const { id: sub, email, name, role = 'user' } = person
  const who = { iss: issuer, aud: 'wealist', sub, email, name, role, sid: newId(), jti: newId() }
  const claims = { ...who, iat, exp: iat + 900, token_use: 'access' }
  return { 'x-jwt-payload': Buffer.from(JSON.stringify(claims)).toString('base64url') }
}

/**
 * Processes of auth, board, chat and noti (two each), user, storage and ops (one each), on a PostgreSQL that keeps what it says it
 * keeps and, where there is one, a real Redis. Whatever talks to something else does so over a line.
 */
export const startStorm = async (crowd: number) => {
  const dir = await mkdtemp(join(tmpdir(), 'wealist-storm-'))
  const place = { dir: join(dir, 'postgres'), port: await freePort(), durable: true }
  let postgres = await startPostgres(place)
  const databases = await createDatabases(postgres.url)
  await migrateAll(databases)
  const real = hasRedisServer() ? await startRedisServer({ fsync: 'always' }) : undefined
  const embedded = real ? undefined : await startRedis()
  const s3 = await startS3({ dir: join(dir, 's3'), ...keys, buckets: ['wealist'] })
  const lines = {
    postgres: await startLine(postgres.url),
    redis: await startLine((real ?? embedded)!.url),
    s3: await startLine(s3.url),
  }
  const through = (url: string) => Object.assign(new URL(url), { port: new URL(lines.postgres.url).port }).href
  const world: LocalWorld = {
    ports: defaultPorts,
    gateway: 1,
    databases: Object.fromEntries(Object.entries(databases).map(([name, url]) => [name, through(url)])),
    redis: { url: lines.redis.url, prefix: 'storm:' },
    s3: { endpoint: lines.s3.url.replace(/\/$/, ''), bucket: 'wealist', ...keys },
    oidc: { issuer, clientId: 'none', clientSecret: 'none' },
    keysFile: join(dir, 'keys.json'),
    more: {
      ...{ AUTH_MODE: 'gateway', AUTH_ISSUER: issuer, AUTH_AUDIENCE: 'wealist' },
      ...{ RATE_LIMIT: '0', DRAIN_SECONDS: '0', DATABASE_POOL: '6', LOG_LEVEL: 'info' },
    },
  }
  secrets.note('a key of S3', keys.secretAccessKey)
  for (const name of ['user', 'noti'] as const) secrets.note('an internal key', internalKeyOf(name))
  const pods = await openPods(world, heard)

  const one = <T>(of: readonly T[]) => of[Math.floor(Math.random() * of.length)]!
  const url = (service: ServiceName) => one(pods.all.filter((pod) => pod.service === service)).line.url.slice(0, -1)
  /** Asks any process of the service; gives up after ten seconds. */
  const ask = <R extends RouteSpec>(
    service: ServiceName,
    person: Person,
    route: R,
    input: CallInput<R>,
    more: Record<string, string> = {},
  ): Promise<Output<R>> =>
    call(route, input, {
      base: url(service),
      headers: { ...headersOf(person), ...more },
      signal: AbortSignal.timeout(10_000),
    })
  /** Asks with the same Idempotency-Key until it is answered with success; what is wrong for good is thrown. */
  const insist = async <R extends RouteSpec>(
    service: ServiceName,
    person: Person,
    route: R,
    input: CallInput<R>,
    givenUp = () => false,
  ): Promise<Output<R>> => {
    const key = { 'idempotency-key': newId() }
    for (const end = Date.now() + 180_000; ;) {
      try {
        return await ask(service, person, route, input, key)
      } catch (error) {
        const passing = ['UNAVAILABLE', 'CONFLICT', 'INTERNAL_ERROR'].includes((error as { code: string }).code)
        if (!passing || givenUp() || Date.now() > end) throw error
        await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 200))
      }
    }
  }
  const clients = new Map<ServiceName, pg.Pool>()
  /** What the tables really hold, asked past the lines. */
  const rows = async <T extends object>(service: ServiceName, statement: string) => {
    let pool = clients.get(service)
    if (!pool) {
      pool = new pg.Pool({ connectionString: databases[service]!, max: 1 })
      pool.on('error', () => undefined)
      clients.set(service, pool)
    }
    return (await pool.query(statement)).rows as T[]
  }

  const signUp = async (letter: string, count: number) => {
    const some: Person[] = []
    for (let n = 0; n < count; n++) {
      const [name, email] = [`${letter}${n}`, `${letter.toLowerCase()}${n}@example.com`]
      const { id } = await call(users.create, { body: { email, name, password } }, { base: url('user') })
      some.push({ id, email, name })
    }
    return some
  }
  const people = await signUp('P', crowd)
  const [signers, judged] = [await signUp('S', 4), await signUp('J', 3)]
  const admin: Person = { ...(await signUp('A', 1))[0]!, role: 'admin' }
  await rows('user', `update users set role = 'admin' where id = '${admin.id}'`)
  const [owner, ...others] = people as [Person, ...Person[]]
  const { id: workspaceId } = await insist('user', owner, workspaces.create, { body: { name: 'Storm' } })
  for (const { email } of others)
    await insist('user', owner, members.add, { params: { id: workspaceId }, body: { email, role: 'member' } })

  return {
    ...{ people, signers, judged, admin, password, workspaceId, pods, lines: lines as Record<string, Line>, secrets },
    ...{ headersOf, url, ask, insist, rows },
    /** PostgreSQL ends without a checkpoint, is away for so long, and recovers what was committed. */
    crashPostgres: async (ms: number) => {
      await postgres.crash()
      await new Promise((resolve) => setTimeout(resolve, ms))
      postgres = await startPostgres(place)
    },
    restartRedis: async (ms: number) => {
      await (real ?? lines.redis).down()
      await new Promise((resolve) => setTimeout(resolve, ms))
      await (real ?? lines.redis).up()
    },
    stop: async () => {
      await pods.stop()
      for (const pool of clients.values()) await pool.end()
      for (const line of Object.values(lines)) await line.down()
      await Promise.all([postgres.stop(), real?.stop(), embedded?.stop(), s3.stop()])
      await rm(dir, { recursive: true, force: true })
    },
  }
}
