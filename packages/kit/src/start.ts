import type * as z from 'zod'
import type { Person } from './actor.ts'
import { type App, buildApp } from './app.ts'
import type { Auth } from './auth.ts'
import { openBase, type OpenBase, type Overrides } from './base.ts'
import { type Config, type Env, readConfig, withSecrets } from './config.ts'
import type { Base } from './context.ts'
import { socketContext } from './context.open.ts'
import { hearDecisions } from './jobs.failed.ts'
import { type Jobs, openJobs } from './jobs.ts'
import type { LiveServer } from './live/live.ts'
import { requestMetrics } from './metrics.ts'
import type { Limiter } from './rate-limit.ts'
import type { Recent } from './recent.ts'
import type { Revocations } from './revocations.ts'
import type { ServiceSpec } from './service.ts'

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
  peers: OpenBase['peers']
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
  let jobs: Jobs | undefined
  let deps: D | undefined
  const common = config as unknown as Config
  const opened = await openBase(spec, { config: common, env, overrides, poke: () => jobs?.poke() })
  const { base, live, limiter, peers, recent } = opened
  const { db, auth, revocations, resident } = base
  const close = async () => {
    await jobs?.stop()
    await (deps as { close?(): Promise<void> } | undefined)?.close?.()
    await opened.close()
  }
  try {
    deps = await spec.open(config, base)
    const shared = { ...base, ...deps }
    const contextOf = (person: Person) => socketContext(shared, base, peers, person)
    live.serveIn(contextOf)
    const { apart } = overrides
    if (db && spec.jobs)
      jobs = await openJobs({ base, ctx: shared, registry: spec.jobs, resident, ...(apart && { apart }) })
    if (jobs && resident) hearDecisions(base)
    const state = { draining: false }
    const observe = requestMetrics(base.metrics)
    const runtime = { base, shared, contextOf, auth, limiter, revocations, peers, observe, live, jobs, recent, state }
    return {
      ...runtime,
      spec: spec as unknown as ServiceSpec,
      app: buildApp(spec, runtime),
      deps,
      drain: async () => {
        state.draining = true
        await live.drain(common.DRAIN_SECONDS * 1000)
      },
      rest: async () => db?.rest(),
      close: async () => {
        state.draining = true
        await close()
      },
    }
  } catch (error) {
    // A start that fails is tried again, on Lambda by the next event: it must not leave its connections behind.
    await close()
    throw error
  }
}
