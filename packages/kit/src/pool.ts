import type { Socket } from 'node:net'
import pg from 'pg'
import type { Log } from './log.ts'

export interface PoolOptions {
  url: string
  /** Most connections of this process; a Lambda has one or two, a pod ten. */
  max: number
  /** Milliseconds that an unused connection is kept; 30,000 unless told. */
  idle?: number | undefined
  /** Milliseconds that the server may be silent while an answer is awaited; 12,000 unless told. */
  silence?: number | undefined
  log: Log
}

/** The connections of a process to its database. */
export interface Pool {
  pool: pg.Pool
  /** Ends the connections that nobody uses now: for a process that is frozen next, which would keep them. */
  rest(): Promise<void>
  /** Ends them all, each when its work is done. */
  close(): Promise<void>
}

export const openPool = ({ url, max, idle = 30_000, silence, log }: PoolOptions): Pool => {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: 3000,
    idleTimeoutMillis: idle,
    statement_timeout: 10_000,
    keepAlive: true,
    options: '-c timezone=UTC -c datestyle=ISO',
    // Statements of a checked-out client go out without waiting for the answers of those before them.
    pipeline: true,
  } as pg.PoolConfig)
  // A connection that dies while idle is replaced by the next query; unheard, the event would end the process.
  pool.on('error', (error) => log.warn({ error: error.message }, 'an idle database connection was lost'))
  const connected = new Set<pg.PoolClient>()
  pool.on('connect', (client) => {
    connected.add(client)
    client.once('end', () => connected.delete(client))
    endSilence(client, silence)
  })

  // The end of a pool, or of its use of a connection, is not yet the connection's.
  const gone = async (clients: readonly pg.PoolClient[], end: () => Promise<void>) => {
    const ended = clients.map((client) => new Promise((resolve) => client.once('end', resolve)))
    await end()
    const late = new Promise((resolve) => setTimeout(resolve, 1000).unref())
    await Promise.race([Promise.all(ended), late])
  }

  return {
    pool,
    rest: async () => {
      const idle: pg.PoolClient[] = []
      // Those in line before us have one of them each.
      while (pool.idleCount > pool.waitingCount) idle.push(await pool.connect())
      await gone(idle, async () => {
        for (const client of idle) client.release(true)
      })
    },
    close: () => gone([...connected], () => pool.end()),
  }
}

/**
 * Ends a connection on which an answer is awaited and nothing is heard for so many milliseconds: the server ends a
 * statement itself after ten seconds, so the line is dead. Not by the library's `query_timeout`, whose closures keep
 * each answer, and its request, in memory until a full collection.
 */
export const endSilence = (client: pg.PoolClient, silence = 12_000) => {
  const line = client.connection.stream as Socket
  line.setTimeout(silence).on('timeout', () => {
    if (!(client as { readyForQuery?: boolean }).readyForQuery) line.destroy()
    // Once it has been told, Node would not tell again.
    else line.setTimeout(silence)
  })
}
