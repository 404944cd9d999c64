import { type Contract, isRoute, isSocket } from '@wealist/contract/route'
import { type ServiceName, topology } from '@wealist/contract/topology'
import type * as z from 'zod'
import { buildApp, type App } from './app.ts'
import { openAuth, type Auth } from './auth.ts'
import { openBus } from './bus.ts'
import { type Config, type Env, readConfig, withSecrets } from './config.ts'
import type { Person } from './actor.ts'
import type { Base, RequestInfo } from './context.ts'
import { type Db, openDb } from './db.ts'
import { newId } from './ids.ts'
import { openJobs, type Jobs, type JobSpec } from './jobs.ts'
import { type LiveServer, openLive } from './live/live.ts'
import type { Socket } from './live/socket.ts'
import { type Log, openLog } from './log.ts'
import { databaseMetrics, openMetrics, requestMetrics } from './metrics.ts'
import type { Mounted } from './mount.ts'
import { openPeers } from './peer.ts'
import { openSigned } from './peer-iam.ts'
import { openLimiter, type Limiter } from './rate-limit.ts'
import { openRecent, type Recent } from './recent.ts'
import { openRedis, ready } from './redis.ts'
import { openRevocations, type Revocations } from './revocations.ts'
import type { Observe } from './sql.ts'
import type { Tx, TxOptions } from './tx.ts'

/** What a service is. Its `service.ts` says this and nothing else. */
export interface ServiceSpec<S extends z.ZodObject = z.ZodObject, D = object> {
  name: ServiceName
  contract: Contract
  config: S
  /** Opens what the service has besides kit's base; `close` is called last. */
  open(config: z.output<S>, base: Base): D | Promise<D>
  features: readonly (readonly Mounted[])[]
  sockets?: readonly Socket[]
  jobs?: readonly JobSpec[]
  /** Folder of its numbered SQL files; none for a service whose tables another one owns. */
  migrations?: URL
}

export const service = <S extends z.ZodObject, D extends object>(spec: ServiceSpec<S, D>): ServiceSpec<S, D> => {
  const name = (path: string, method: string) => `${method} ${path}`
  const promised = Object.values(spec.contract).flatMap((f) => Object.values(f))
  const routes = new Set(promised.filter(isRoute).map((r) => name(r.path, r.method)))
  for (const { route } of spec.features.flat())
    if (!routes.delete(name(route.path, route.method)))
      throw new Error(`${spec.name}: ${route.method} ${route.path} is mounted twice or not in the contract`)
  if (routes.size > 0) throw new Error(`${spec.name}: in the contract and not mounted: ${[...routes].join(', ')}`)
  const sockets = promised.filter(isSocket).length
  if (!spec.migrations && (spec.jobs || spec.features.flat().some(({ route }) => route.idempotent)))
    throw new Error(`${spec.name}: jobs and idempotent routes need kit's tables, which come with migrations`)
  if (sockets !== (spec.sockets?.length ?? 0))
    throw new Error(`${spec.name}: the contract has ${sockets} sockets, mounted are ${spec.sockets?.length ?? 0}`)
  return spec
}

/** Replaced by tests and by the adapters. */
export interface Overrides {
  log?: Log
  /** Where the lines of the log go; standard output unless told. */
  logTo?: { write(line: string): void }
  clock?: Base['clock']
  /** Sees every statement; for tests that count them. */
  observe?: Observe
  /** False where the process is frozen between requests (Lambda): nothing is remembered, no timer runs. */
  resident?: boolean
  /** With `resident: false`: runs the jobs that are apart, and no others. */
  apart?: boolean
}

/** What the parts of a running service share; kit's own. */
export interface Runtime {
  base: Base
  /** Base and deps together: the prototype of every request's context. */
  shared: object
  /** The context of a person outside a request: the frames of a socket. */
  contextOf(person: Person): object
  auth: Auth
  limiter: Limiter
  revocations: Revocations
  peers: ReturnType<typeof openPeers>
  observe(method: string, route: string, status: number, ms: number): void
  live: LiveServer
  jobs: Jobs | undefined
  recent: Recent
  state: { draining: boolean }
}

export interface Running<D = unknown> extends Runtime {
  spec: ServiceSpec
  app: App
  deps: D
  /** Readiness goes 503, sockets are told to move on; resolves when they have. */
  drain(): Promise<void>
  /** Before the process is frozen: keeps no connection to PostgreSQL, of which all instances together have a share. */
  rest(): Promise<void>
  close(): Promise<void>
}

/**
 * The one door: opens what the service needs and mounts it. Tests, development and production come in here.
 * Starts while Redis or PostgreSQL are away, and works when they come back.
 */
export const start = async <S extends z.ZodObject, D extends object>(
  spec: ServiceSpec<S, D>,
  env: Env,
  overrides: Overrides = {},
): Promise<Running<D>> => {
  const config = readConfig(spec.config, await withSecrets(env))
  const common = config as unknown as Config
  const { resident = true, clock = Date } = overrides
  const recent = openRecent(spec.name, common.LOG_RECENT)
  const log = overrides.log ?? openLog({ service: spec.name, level: common.LOG_LEVEL, stream: overrides.logTo, recent })
  const metrics = openMetrics(spec.name)
  const redis = openRedis({
    url: common.REDIS_URL,
    prefix: common.REDIS_PREFIX,
    cluster: common.REDIS_CLUSTER,
    log,
  })
  const sql = databaseMetrics(metrics)
  const pokes: (() => void)[] = []
  const hasDatabase = topology[spec.name].database !== null
  const db = hasDatabase
    ? openDb({
        url: common.DATABASE_URL ?? `postgres://localhost:5432/${topology[spec.name].database}`,
        max: common.DATABASE_POOL,
        idle: common.DATABASE_IDLE_MS,
        log,
        observe: (statement, ms) => {
          sql.observe(statement, ms)
          overrides.observe?.(statement, ms)
        },
        onCommit: ({ events, jobs }) => {
          if (events.length > 0) live.publish(events)
          if (jobs) for (const poke of pokes) poke()
        },
      })
    : undefined
  if (db) sql.watch(db)
  await ready(redis)
  const revocations = await openRevocations({ redis, config: common, log, clock, remember: resident })
  const auth = openAuth({ config: common, redis, revocations, log, clock })
  const limiter = openLimiter({ config: common, redis, log })
  const peers = openPeers(spec.name, common, common.PEER_AUTH === 'iam' ? openSigned(env) : undefined)
  const bus = openBus({ redis, prefix: common.REDIS_PREFIX, log })
  // Where nothing is remembered nothing is nudged, and no line is kept open for it.
  const heard = resident ? bus.subscribe('revocations', () => revocations.nudge()) : () => undefined
  // A service without a database declares so in the topology and never touches `db`.
  const opened = {
    service: spec.name,
    config: common,
    log,
    db: db!,
    redis,
    bus,
    metrics,
    clock,
    resident,
    revocations,
    auth,
    call: peers({}),
  }
  const live = openLive({
    base: opened,
    bus,
    limiter,
    sockets: spec.sockets ?? [],
    streams: spec.features.flat().some(({ route }) => route.stream),
    url: hasDatabase ? common.DATABASE_URL : undefined,
  })
  const base: Base = { ...opened, live }
  const closeBase = async () => {
    await live.close()
    await auth.close()
    heard()
    await revocations.close()
    bus.close()
    redis.disconnect()
    await db?.close()
  }
  // A start that fails is tried again, on Lambda by the next event: it must not leave its connections behind.
  const deps = await (async () => spec.open(config, base))().catch(async (error: unknown) => {
    await closeBase()
    throw error
  })
  const shared = { ...base, ...deps }
  const state = { draining: false }
  const runtime: Runtime = {
    base,
    shared,
    contextOf: (person) => socketContext(shared, db, peers, person),
    auth,
    limiter,
    revocations,
    peers,
    observe: requestMetrics(metrics),
    live,
    jobs: undefined,
    recent,
    state,
  }
  live.serveIn(runtime.contextOf)
  if (db && spec.jobs) {
    const { apart } = overrides
    runtime.jobs = await openJobs({ base, ctx: shared, registry: spec.jobs, resident, ...(apart && { apart }) })
    pokes.push(runtime.jobs.poke)
  }
  const app = buildApp(spec, runtime)
  return {
    ...runtime,
    spec: spec as unknown as ServiceSpec,
    app,
    deps,
    drain: async () => {
      state.draining = true
      await live.drain(common.DRAIN_SECONDS * 1000)
    },
    rest: async () => db?.rest(),
    close: async () => {
      state.draining = true
      await runtime.jobs?.stop()
      await (deps as { close?(): Promise<void> }).close?.()
      await closeBase()
    },
  }
}

const nothing = () => undefined

// A frame is no request: it has an id of its own for what it causes, and none of a request's headers.
const socketContext = (
  shared: object,
  db: Db | undefined,
  peers: ReturnType<typeof openPeers>,
  actor: Person,
): object => {
  const id = newId()
  const request: Omit<RequestInfo, 'raw'> = {
    id,
    traceparent: undefined,
    ip: '',
    userAgent: undefined,
    header: nothing,
    ifMatch: undefined,
  }
  const tx = <T>(work: (tx: Tx) => Promise<T>, options?: TxOptions) => db!.tx(work, { ...options, actorId: actor.id })
  return Object.assign(Object.create(shared) as object, { actor, request, call: peers({ id }), tx })
}
