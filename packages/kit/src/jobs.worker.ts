import { EventEmitter, once } from 'node:events'
import { Logger, runTaskList, runTaskListOnce, type Task, type TaskList, type WorkerPool } from 'graphile-worker'
import { Pool } from 'pg'
import { endSilence } from './pool.ts'
import { openSession, space } from './jobs.locks.ts'
import { long, runJob, type Runs } from './jobs.run.ts'
import type { JobSpec } from './jobs.registry.ts'
import type { Log } from './log.ts'

export const concurrency = 3
// What runs when the process is told to stop may go on so long before it is given back.
const grace = 5000

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())

const tasksOf = (runs: Runs, specs: readonly JobSpec[], stopping: () => AbortSignal): TaskList =>
  Object.fromEntries(
    specs.map((spec): [string, Task] => [
      spec.name,
      (payload, { job }) => runJob(runs, spec, { job, payload, stopping: stopping() }),
    ]),
  )

// Failures of jobs are logged where they happen; the rest is the library's own talk.
const loggerOf = (log: Log) =>
  new Logger(() => (level, message, meta) => {
    if (meta?.['failure'] !== true) log[level === 'error' ? 'warn' : 'debug'](message)
  })

// What ended is written in batches, because that is what the library repeats while the database is away. Each of its
// workers would look for due jobs every two seconds: here the relay does, each second and for all, and nudges them.
const preset = { worker: { pollInterval: 60_000, completeJobBatchDelay: 0, failJobBatchDelay: 0 } }

/** A worker that runs until it is stopped, on a small pool of its own. Starts, and goes on, while PostgreSQL is away. */
export const openWorker = (url: string, runs: Runs, specs: readonly JobSpec[]) => {
  const { log } = runs
  const stopping = new AbortController()
  const tasks = tasksOf(runs, specs, () => stopping.signal)
  const pgPool = new Pool({
    connectionString: url,
    max: concurrency + 1,
    connectionTimeoutMillis: 3000,
    statement_timeout: 10_000,
    keepAlive: true,
  })
  const lost = (error: Error) => log.warn({ error: error.message }, 'the job worker lost a connection')
  pgPool.on('error', lost)
  pgPool.on('connect', (client) => {
    client.on('error', lost)
    endSilence(client)
  })

  const launch = () => {
    const session = openSession({ url, log, id: () => pool.id })
    const events = new EventEmitter()
    const over = once(events, 'pool:gracefulShutdown:complete')
    let isEnding = false
    events.once('pool:gracefulShutdown', () => (isEnding = true))
    const pool: WorkerPool = runTaskList(
      {
        concurrency,
        noHandleSignals: true,
        logger: loggerOf(log),
        preset,
        events,
        // Asked before every look for a job.
        forbiddenFlags: () => session.held().then(() => null),
      },
      tasks,
      pgPool,
    )
    const ended = (async () => {
      const ended = pool.promise.catch((error: unknown) => log.error({ err: error }, 'the job worker failed'))
      // Of two jobs that fail as the database goes, the library waits for one for ever.
      await Promise.race([ended, over.then(() => pause(grace))])
      await session.close()
      if (!closed) again = setTimeout(() => (current = launch()), 1000)
    })()
    const nudge = (n: number) => {
      if (!isEnding) pool.nudge(n)
    }
    return { pool, session, ended, nudge }
  }
  let closed = false
  let again: NodeJS.Timeout | undefined
  let current = launch()
  return {
    /** By what name it takes jobs now. */
    id: () => current.pool.id,
    /** So many jobs wait to be taken. One that ends takes none, and the one after it looks by itself. */
    nudge: (n: number) => current.nudge(n),
    stop: async () => {
      closed = true
      clearTimeout(again)
      const { pool, session, ended } = current
      const late = setTimeout(() => stopping.abort(new Error('the process stops')), grace)
      // What goes wrong is told by the pool's end.
      Promise.resolve(pool.gracefulShutdown()).catch(() => undefined)
      session.release()
      await ended
      clearTimeout(late)
      await pgPool.end()
    },
  }
}

/**
 * Runs what is due, one after the other, until nothing is or `stopping` fires, on one connection of the service's pool.
 * Gives how many jobs it ran. `brief` leaves out what was interrupted before. One such run at a time.
 */
export const openOnce = (runs: Runs, specs: readonly JobSpec[]) => {
  const { db, log } = runs
  let stopping = new AbortController().signal
  let ran = 0
  let held: Promise<unknown> = Promise.resolve()
  let begin: () => void = ignore
  let skipped: string[] = []
  const tasks = tasksOf(runs, specs, () => (ran++, stopping))
  // The library remembers each options object for ever, so there is one.
  const options = {
    noHandleSignals: true,
    logger: loggerOf(log),
    preset,
    forbiddenFlags: () => {
      begin()
      return held.then(() => skipped)
    },
  }
  return async ({ until, brief }: { until: AbortSignal; brief: boolean }) => {
    stopping = until
    ran = 0
    skipped = brief ? [long] : []
    const lock = Promise.withResolvers<void>()
    held = lock.promise
    const begun = Promise.withResolvers<void>()
    begin = begun.resolve
    const client = await db.pool.connect()
    client.on('error', ignore)
    const pool = runTaskListOnce(options, tasks, client)
    const ended = pool.promise.catch((error: unknown) => log.warn({ err: error }, 'a run of due jobs failed'))
    let over = false
    // Stopped before it has begun, the library would wait for ever.
    const stop = async () => {
      await begun.promise
      if (!over) await Promise.resolve(pool.gracefulShutdown()).catch(ignore)
    }
    void ended.then(() => (over = true))
    let broken: Error | undefined
    try {
      await client.query('select pg_advisory_lock($1, hashtext($2))', [space, pool.id])
      until.addEventListener('abort', stop, { once: true })
      if (until.aborted) stop()
      lock.resolve()
      await ended
      await client.query('select pg_advisory_unlock_all()')
    } catch (error) {
      broken = error as Error
      stop()
      lock.resolve()
      await ended
      throw error
    } finally {
      until.removeEventListener('abort', stop)
      client.off('error', ignore)
      client.release(broken)
    }
    return ran
  }
}

const ignore = () => undefined
