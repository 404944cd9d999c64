import { setTimeout as pause } from 'node:timers/promises'
import { Client, type PoolClient } from 'pg'
import { endSilence } from './pool.ts'
import type { JobSpec } from './jobs.registry.ts'
import { keyed } from './jobs.relay.ts'
import type { Log } from './log.ts'
import { type Queryable, sql } from './sql.ts'

// First half of the advisory locks by which workers show that they live; the second is the hash of a worker's id.
export const space = 7_331_200

export interface Session {
  /** Resolves while the lock is held, or the session is over. Nothing may be taken to work on before. */
  held(): Promise<void>
  /** Lets those who wait for the lock go on, because the worker ends and takes nothing any more. */
  release(): void
  close(): Promise<void>
}

interface SessionOptions {
  url: string
  id: () => string
  log: Log
  /** Milliseconds between the questions that show whether the line still stands; 5,000 unless told. */
  beat?: number
  /** Milliseconds that an answer may take; as of any connection unless told. */
  silence?: number
}

/**
 * A connection of its own that holds the lock of worker `id` and takes it again when it was lost. PostgreSQL lets go of
 * it the moment the process dies, which is how the others know. Neither side may hear of the line's end: so it is asked.
 */
export const openSession = ({ url, id, log, beat = 5000, silence }: SessionOptions): Session => {
  const closing = new AbortController()
  let drop = ignore
  let gate = Promise.withResolvers<void>()
  const once = async () => {
    const client = new Client({
      connectionString: url,
      application_name: id(),
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      connectionTimeoutMillis: 3000,
      // Who waits for the lock would not be seen to go.
      statement_timeout: 10_000,
    })
    client.on('error', ignore)
    const over = new AbortController()
    const ended = new Promise<void>((resolve) => client.once('end', () => (over.abort(), resolve())))
    // By the library's own end connecting would never settle, and a dead line never close.
    drop = () => void client.connection.stream.destroy()
    let isHeld = false
    try {
      await client.connect()
      endSilence(client as PoolClient, silence)
      await client.query(endEarlier, [id()])
      await client.query('select pg_advisory_lock($1, hashtext($2))', [space, id()])
      isHeld = true
      gate.resolve()
      for (;;) {
        await pause(beat, undefined, { signal: over.signal })
        await client.query('select 1')
      }
    } catch (error) {
      if (closing.signal.aborted) return
      if (isHeld) {
        gate = Promise.withResolvers()
        log.warn('the job worker lost its session')
      } else log.debug({ err: error }, 'the job worker has no session yet')
    } finally {
      drop()
      await ended
    }
  }
  const running = (async () => {
    // The id is known once the worker is made, in the same tick.
    await Promise.resolve()
    while (!closing.signal.aborted) {
      await once()
      await pause(1000, undefined, { signal: closing.signal }).catch(ignore)
    }
  })()
  const release = () => {
    closing.abort()
    gate.resolve()
  }
  return {
    held: () => gate.promise,
    release,
    close: async () => {
      release()
      drop()
      await running
    },
  }
}

// A session that ended on this side alone would keep the lock until PostgreSQL's system gives its line up: two hours.
const endEarlier = `select pg_terminate_backend(pid, 5000) from pg_stat_activity
  where application_name = $1 and pid <> pg_backend_pid()`

const ignore = () => undefined

/**
 * Frees the jobs of workers that died: whose lock can be taken, at once; who were silent (frozen, cut off) for half a
 * minute longer than the job may take, then. Worker `own` asks, so it lives, also while it has no lock. Gives how many.
 * Of those that were freed before, it removes what a newer job of its key does: the library would keep it as failed.
 */
export const freeDead = (db: Queryable, specs: readonly JobSpec[], own = ''): Promise<number> =>
  db.run(sql`with superseded as (
      delete from graphile_worker._private_jobs where locked_by is null and key is null and flags ? ${keyed}
    )
    update graphile_worker._private_jobs j set locked_at = null, locked_by = null
    from graphile_worker._private_tasks t
    left join unnest(${specs.map((s) => s.name)}::text[], ${specs.map((s) => s.timeout / 1000 + 30)}::float8[]) l(name, seconds)
      on l.name = t.identifier
    where t.id = j.task_id and j.locked_by is not null
      and (j.locked_at < now() - make_interval(secs => l.seconds)
        or (j.locked_by <> ${own} and pg_try_advisory_xact_lock(${space}, hashtext(j.locked_by))))`)
