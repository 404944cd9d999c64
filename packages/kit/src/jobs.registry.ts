import * as z from 'zod'
import type { Base } from './context.ts'
import type { Tx, TxOptions } from './tx.ts'

/** The run of a job that a handler is in. */
export interface RunningJob {
  /** The same in every attempt, so that a receiver can tell a repetition. */
  id: string
  /** From 1. */
  attempt: number
  /** Aborted when the time of this run is over or the process ends. */
  signal: AbortSignal
  /**
   * Throws when this run is over or another worker has taken the job. Asked before each effect outside the database: a
   * process that was frozen may wake up in the middle of a job that was given to another one since.
   */
  lease(): Promise<void>
}

/** First argument of a job's handler: what the service has, and the run. No actor: nobody asked for it now. */
export type JobCtx<D = unknown> = Base &
  D & {
    tx<T>(work: (tx: Tx) => Promise<T>, options?: TxOptions): Promise<T>
    job: RunningJob
  }

export interface JobSettings {
  /** Runs before it is kept as failed; 25 (about four days, with the back-off) unless told. */
  maxAttempts?: number
  /** On Lambda a function of its own runs it: it brings along what the others need not carry. */
  apart?: boolean
  /** Most milliseconds of one run; 30,000 unless told. A job of a silent worker is free again half a minute after that. */
  timeout?: number
}

/** A job as the registry of its service holds it. */
export interface JobSpec {
  name: string
  schema: z.ZodType
  handler: (ctx: never, payload: never) => unknown
  maxAttempts: number
  timeout: number
  apart: boolean
  /** Cron expression in UTC, for work that recurs. */
  schedule?: string
}

/**
 * A job of a service. `tx.addJob(name, payload)` adds one; it runs at least once, so the handler is idempotent. An error
 * is tried again with back-off, a 4xx of the contract (but for RATE_LIMITED and CONFLICT) cannot succeed and is kept as
 * failed. `handler` says by the type of its `ctx`, `JobCtx<Deps>`, what it needs.
 */
export const job = <S extends z.ZodType, C extends JobCtx = JobCtx>(
  name: string,
  schema: S,
  handler: (ctx: C, payload: z.output<S>) => unknown,
  { maxAttempts = 25, timeout = 30_000, apart = false }: JobSettings = {},
): JobSpec => ({ name, schema, handler, maxAttempts, timeout, apart })

const Minute = z.strictObject({ at: z.iso.datetime() }).transform(({ at }) => new Date(at))

/**
 * Work that recurs, once for the fleet: `schedule` is a cron expression in UTC. The handler gets the minute it stands
 * for. What fell due while nothing ran is made up for once; while a run still waits, no second one is added.
 */
export const cron = <C extends JobCtx = JobCtx>(
  name: string,
  schedule: string,
  handler: (ctx: C, at: Date) => unknown,
  settings?: JobSettings,
): JobSpec => ({ ...job(name, Minute, handler, settings), schedule })
