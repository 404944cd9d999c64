import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { asAdministrator } from '../databases.ts'
import { whenGone } from '../lifeline.ts'
import { startPostgres } from '../postgres.ts'
import { startRedis } from '../redis.ts'

/**
 * One PostgreSQL and one Redis for the whole run, and a temporary folder, all gone after it, also after one that was
 * killed. `DATABASE_URL` (an administrator) and `REDIS_URL` put real ones in their place: there the run removes what it
 * made. Test files find them in the environment.
 */
export const setup = async () => {
  const dir = mkdtempSync(join(tmpdir(), 'wealist-test-'))
  // PostgreSQL may have to run as another user, who must come through.
  chmodSync(dir, 0o711)
  const run = randomBytes(4).toString('hex')
  const given = { database: process.env['DATABASE_URL'], redis: process.env['REDIS_URL'] }
  const postgres = given.database ? undefined : await startPostgres({ dir: join(dir, 'postgres'), durable: false })
  const redis = given.redis ? undefined : await startRedis()
  const callOff = whenGone(
    'for i in 1 2 3 4 5 6 7 8 9; do [ -e "$1/postgres/postmaster.pid" ] && sleep 1; done; rm -rf "$1"',
    dir,
  )
  process.env['TEST_DATABASE_URL'] = given.database ?? postgres!.url
  process.env['TEST_REDIS_URL'] = given.redis ?? redis!.url
  process.env['TEST_RUN'] = run
  process.env['TMPDIR'] = dir
  return async () => {
    if (given.redis) await forgetKeys(given.redis, run)
    if (given.database) await dropDatabases(given.database, run)
    await redis?.stop()
    await postgres?.stop()
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
    callOff()
  }
}

const dropDatabases = (url: string, run: string) =>
  asAdministrator(url, async (client) => {
    const { rows } = await client.query<{ name: string; template: boolean }>(
      'select datname as name, datistemplate as template from pg_database where datname like $1',
      [`%\\_${run}%`],
    )
    for (const { name, template } of rows) {
      if (template) await client.query(`alter database ${name} is_template false`)
      await client.query(`drop database if exists ${name} with (force)`)
    }
  })

const forgetKeys = async (url: string, run: string) => {
  const redis = new Redis(url)
  redis.on('error', () => undefined)
  for await (const keys of redis.scanStream({ match: `*test-${run}-*`, count: 1000 }) as AsyncIterable<string[]>)
    if (keys.length > 0) await redis.unlink(...keys)
  redis.disconnect()
}
