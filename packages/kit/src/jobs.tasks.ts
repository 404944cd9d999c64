import { Logger, type Task, type TaskList } from 'graphile-worker'
import type { JobSpec } from './jobs.registry.ts'
import { runJob, type Runs } from './jobs.run.ts'
import type { Log } from './log.ts'

/** A service's jobs as the library takes them. */
export const tasksOf = (runs: Runs, specs: readonly JobSpec[], stopping: () => AbortSignal): TaskList =>
  Object.fromEntries(
    specs.map((spec): [string, Task] => [
      spec.name,
      (payload, { job }) => runJob(runs, spec, { job, payload, stopping: stopping() }),
    ]),
  )

/** Failures of jobs are logged where they happen; the rest is the library's own talk. */
export const loggerOf = (log: Log) =>
  new Logger(() => (level, message, meta) => {
    if (meta?.['failure'] !== true) log[level === 'error' ? 'warn' : 'debug'](message)
  })

/**
 * What ended is written in batches, because that is what the library repeats while the database is away. Each of its
 * workers would look for due jobs every two seconds: here the relay does, each second and for all, and nudges them.
 */
export const preset = { worker: { pollInterval: 60_000, completeJobBatchDelay: 0, failJobBatchDelay: 0 } }
