import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServiceName } from '@wealist/contract/topology'
import type { Env } from '@wealist/kit/config'
import { images, pack } from '../src/container.ts'
import { createDatabases } from '../src/databases.ts'
import { migrateAll } from '../src/fleet.ts'
import { inImages } from '../src/for-node.ts'
import { freePort } from '../src/ports.ts'
import { startPostgres } from '../src/postgres.ts'
import { startRedis } from '../src/redis.ts'
import { hasRedisServer, startRedisServer } from '../src/testing/redis-server.ts'
import { startWorkspaces } from '../src/testing/workspaces.ts'
import { audience, issuer } from './people.ts'
import { answering, type Metered, startMetered } from './process.ts'

export interface Started extends Metered {
  url: string
}

/**
 * What a bench stands on: PostgreSQL with fsync, as users run it, a real Redis where there is one, and services from the
 * bundles that their images hold, each in a process of its own. user-service's and noti's internal answers are stood in
 * for by this process.
 */
export const openLab = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'wealist-bench-'))
  const stops: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })]
  const keep = <T extends { stop(): Promise<unknown> }>(part: T) => {
    stops.unshift(() => part.stop())
    return part
  }
  const postgres = keep(await startPostgres({ dir: join(dir, 'postgres'), durable: true }))
  const redis = keep(hasRedisServer() ? await startRedisServer() : await startRedis())
  const databases = await createDatabases(postgres.url)
  await migrateAll(databases)
  const workspaces = keep(await startWorkspaces())
  const bundles = new Map<ServiceName, Promise<string>>()
  const bundleOf = (service: ServiceName) => {
    const made = bundles.get(service) ?? packed(service, join(dir, service))
    bundles.set(service, made)
    return made
  }
  const start = async (file: string, env: NodeJS.ProcessEnv, path: string): Promise<Started> => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    // Whoever it is has what Node is told in images.
    const given = { PORT: String(port), REDIS_URL: redis.url, NODE_OPTIONS: inImages, ...env }
    return { url, ...keep(await startMetered(file, given, answering(url + path))) }
  }
  return {
    dir,
    postgres: postgres.url,
    redis: redis.url,
    databases: databases as Record<ServiceName, string>,
    workspaces,
    keep,
    bundleOf,
    start,
    /** A service as production runs it, behind the mesh, with limits that count and let everybody pass. */
    service: async (name: ServiceName, env: Env = {}): Promise<Started> =>
      start(await bundleOf(name), { ...environment(name, databases[name], workspaces.url), ...env }, '/health/ready'),
    /** What it is compared with: a file of `peers`. */
    peer: (name: string, env: NodeJS.ProcessEnv = {}, path = '/'): Promise<Started> =>
      start(join(import.meta.dirname, 'peers', `${name}.ts`), env, path),
    environment: (name: ServiceName) => environment(name, databases[name], workspaces.url),
    stop: async () => {
      for (const stop of stops) await stop()
    },
  }
}
export type Lab = Awaited<ReturnType<typeof openLab>>

const packed = async (service: ServiceName, out: string) => {
  await pack(
    images.find((image) => image.name === service)!,
    out,
  )
  return join(out, 'index.mjs')
}

const environment = (name: ServiceName, database: string | undefined, peers: string): Env => ({
  ENVIRONMENT: 'prod',
  HOST: '127.0.0.1',
  DATABASE_URL: database,
  AUTH_MODE: 'gateway',
  AUTH_ISSUER: issuer,
  AUTH_AUDIENCE: audience,
  INTERNAL_KEYS: `key-of-${name}`,
  USER_URL: peers,
  USER_KEY: 'key-of-user',
  NOTI_URL: peers,
  NOTI_KEY: 'key-of-noti',
  RATE_LIMIT: '1000000000',
  DRAIN_SECONDS: '0',
  S3_ENDPOINT: 'http://127.0.0.1:1',
  S3_BUCKET: 'none',
  S3_ACCESS_KEY_ID: 'none',
  S3_SECRET_ACCESS_KEY: 'none',
})
