import { fileURLToPath } from 'node:url'
import { runMigrations } from 'graphile-worker'
import { runner } from 'node-pg-migrate'
import { Client, Pool } from 'pg'

export interface MigrateOptions {
  /** The service's database, as a role that owns it. */
  url: string
  /** The service's folder of numbered SQL files; none where it has no tables. */
  dir?: URL | undefined
  /** kit's own files, for a bundle that has them elsewhere; where they lie in the repository unless told. */
  kit?: URL | undefined
  /** Only that many of the service's files: for the test that goes step by step. */
  count?: number
}

const lock = 7_331_100
// A migration may take longer than a request is allowed to.
const patient = ['lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout']

/**
 * Brings a database up to date, forward only: kit's tables, the worker's, then the service's. Two processes at once are
 * safe: one waits. What is already there is left alone.
 */
export const migrate = async ({
  url,
  dir,
  count,
  kit = new URL('../migrations/', import.meta.url),
}: MigrateOptions): Promise<void> => {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query(patient.map((name) => `set ${name} = 0`).join('; '))
    await client.query('select pg_advisory_lock($1)', [lock])
    await files(client, kit, 'migrations_of_kit')
    await worker(url)
    if (dir) await files(client, dir, 'migrations', count)
  } finally {
    await client.end()
  }
}

const files = (client: Client, dir: URL, table: string, count?: number) =>
  runner({
    dbClient: client,
    dir: fileURLToPath(dir),
    direction: 'up',
    migrationsSchema: 'kit',
    createMigrationsSchema: true,
    migrationsTable: table,
    schema: 'public',
    // The lock above is ours already; the library's own would be a second one for the same.
    noLock: true,
    ...(count !== undefined && { count }),
    log: () => undefined,
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  })

const worker = async (url: string) => {
  const pool = new Pool({ connectionString: url, max: 1, options: patient.map((name) => `-c ${name}=0`).join(' ') })
  pool.on('error', () => undefined)
  pool.on('connect', (connected) => connected.on('error', () => undefined))
  try {
    await runMigrations({ pgPool: pool })
  } finally {
    await pool.end()
  }
}
