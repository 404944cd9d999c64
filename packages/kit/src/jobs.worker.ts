import { EventEmitter, once } from 'node:events'
import { runTaskList, type WorkerPool } from 'graphile-worker'
import { Pool } from 'pg'
import { openSession } from './jobs.locks.ts'
import type { JobSpec } from './jobs.registry.ts'
import type { Runs } from './jobs.run.ts'
import { loggerOf, preset, tasksOf } from './jobs.tasks.ts'
import { endSilence } from './pool.ts'

export const concurrency = 3
// What runs when the process is told to stop may go on so long before it is given back.
const grace = 5000

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())

/** A worker that runs until it is stopped, on a small pool of its own. Starts, and goes on, while PostgreSQL is away. */
export const openWorker = (runs: Runs, specs: readonly JobSpec[]) => {
  const { db, log } = runs
  const { connectionString, idleTimeoutMillis } = db.pool.options
  const stopping = new AbortController()
  const tasks = tasksOf(runs, specs, () => stopping.signal)
  const pgPool = new Pool({
    connectionString,
    max: concurrency + 1,
    connectionTimeoutMillis: 3000,
    idleTimeoutMillis,
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
    const session = openSession({ url: connectionString!, log, id: () => pool.id })
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
