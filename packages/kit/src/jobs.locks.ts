import { Client } from 'pg'
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

/**
 * A connection of its own that holds the lock of worker `id` and takes it again when it was lost. PostgreSQL lets go of
 * it the moment the process dies, which is how the others know.
 */
export const openSession = ({ url, id, log }: { url: string; id: () => string; log: Log }): Session => {
  const closing = new AbortController()
  let client: Client | undefined
  let gate = Promise.withResolvers<void>()
  const once = async () => {
    client = new Client({ connectionString: url, keepAlive: true, connectionTimeoutMillis: 3000 })
    client.on('error', () => undefined)
    const ended = new Promise<void>((resolve) => client!.once('end', () => resolve()))
    try {
      await client.connect()
      await client.query('select pg_advisory_lock($1, hashtext($2))', [space, id()])
      gate.resolve()
      await ended
      if (closing.signal.aborted) return
      gate = Promise.withResolvers()
      log.warn('the job worker lost its session')
    } catch (error) {
      log.debug({ err: error }, 'the job worker has no session yet')
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  const running = (async () => {
    // The id is known once the worker is made, in the same tick.
    await Promise.resolve()
    while (!closing.signal.aborted) {
      await once()
      if (!closing.signal.aborted) await pause(1000, closing.signal)
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
      await client?.end().catch(() => undefined)
      await running
    },
  }
}

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })

/**
 * Frees the jobs of workers that died: whose lock can be taken, at once; who were silent (frozen, cut off) for half a
 * minute longer than the job may take, then. Gives how many. Of those that were freed before, it removes what a newer job
 * of its key does: the library would keep it as failed.
 */
export const freeDead = (db: Queryable, specs: readonly JobSpec[]): Promise<number> =>
  db.run(sql`with superseded as (
      delete from graphile_worker._private_jobs where locked_by is null and key is null and flags ? ${keyed}
    )
    update graphile_worker._private_jobs j set locked_at = null, locked_by = null
    from graphile_worker._private_tasks t
    left join unnest(${specs.map((s) => s.name)}::text[], ${specs.map((s) => s.timeout / 1000 + 30)}::float8[]) l(name, seconds)
      on l.name = t.identifier
    where t.id = j.task_id and j.locked_by is not null
      and (j.locked_at < now() - make_interval(secs => l.seconds) or pg_try_advisory_xact_lock(${space}, hashtext(j.locked_by)))`)
