import type { Job } from 'graphile-worker'
import type { Db } from './db.ts'
import { Problem } from './errors.ts'
import type { JobMetrics } from './jobs.metrics.ts'
import type { JobSpec, RunningJob } from './jobs.registry.ts'
import type { Log } from './log.ts'
import { sql } from './sql.ts'

/** What the runs of a service's jobs share. `ctx` is the prototype of each handler's context. */
export interface Runs {
  db: Db
  log: Log
  ctx: object
  metrics: JobMetrics
}

/** A job that was interrupted before it ended; runs that have little time leave it to others. */
export const long = 'long'

/**
 * One run of a job. What it throws, the worker takes as a failure, with back-off; but `stopping` (the process ends, the
 * time is over) gives the job back at once and does not count as an attempt.
 */
export const runJob = async (
  { db, log, ctx, metrics }: Runs,
  spec: JobSpec,
  work: { job: Job; payload: unknown; stopping: AbortSignal },
): Promise<void> => {
  const { job, payload, stopping } = work
  const start = performance.now()
  const mine = sql`id = ${job.id}::bigint and locked_by = ${job.locked_by}`
  const held = () =>
    db.row<{ key: string | null }>(sql`select key from graphile_worker.jobs where ${mine}
    and (attempts = ${job.attempts} or (key is null and ${job.key}::text is not null))`)
  // Not `AbortSignal.any`: Node keeps each signal that was made of a longer-lived one, with all that its listener knows.
  const ending = new AbortController()
  const { signal } = ending
  const stop = () => ending.abort(stopping.reason)
  if (stopping.aborted) stop()
  else stopping.addEventListener('abort', stop, { once: true })
  const timer = setTimeout(() => ending.abort(new Error(`no end after ${spec.timeout} ms`)), spec.timeout)
  const over = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
  over.catch(() => undefined)
  const lease = async () => {
    signal.throwIfAborted()
    if (!(await held())) throw new Error('another worker has taken this job')
  }
  const about: RunningJob = { id: job.id, attempt: job.attempts, signal, lease }
  const own = Object.assign(Object.create(ctx) as object, { tx: db.tx, job: about })
  const handle = async () => {
    signal.throwIfAborted()
    await (spec.handler as (ctx: unknown, payload: unknown) => unknown)(own, spec.schema.parse(payload))
  }
  try {
    await Promise.race([handle(), over])
    // The worker deletes what ended well without asking whose it is by now.
    if (!(await held())) throw new Error('another worker has taken this job')
    metrics.done(spec.name)
  } catch (error) {
    const known = { job: spec.name, id: job.id, attempt: job.attempts, err: error }
    if (stopping.aborted) {
      await db.run(sql`update graphile_worker._private_jobs set locked_at = null, locked_by = null,
        attempts = greatest(attempts - 1, 0), flags = coalesce(flags, '{}') || ${JSON.stringify({ [long]: true })}::jsonb
        where ${mine} and attempts = ${job.attempts}`)
      log.info(known, 'job interrupted, given back')
    } else if (job.key !== null && (await held())?.key === null) {
      // A newer job of the same key waits already and will do the work.
      log.info(known, 'job failed, a newer one follows')
      return
    } else if (isPermanent(error)) {
      await db.run(sql`update graphile_worker._private_jobs set attempts = max_attempts where ${mine}`)
      log.error(known, 'job failed for good')
    } else if (job.attempts >= job.max_attempts) log.error(known, 'job failed for good')
    else log.warn(known, 'job failed, tried again later')
    throw error
  } finally {
    clearTimeout(timer)
    stopping.removeEventListener('abort', stop)
    metrics.took(spec.name, performance.now() - start)
  }
}

// What the receiver refuses now it will refuse again, unless it only asks for patience.
const isPermanent = (error: unknown) =>
  error instanceof Problem && error.status < 500 && error.code !== 'RATE_LIMITED' && error.code !== 'CONFLICT'
