import { runTaskListOnce } from 'graphile-worker'
import { space } from './jobs.locks.ts'
import type { JobSpec } from './jobs.registry.ts'
import { long, type Runs } from './jobs.run.ts'
import { loggerOf, preset, tasksOf } from './jobs.tasks.ts'

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
