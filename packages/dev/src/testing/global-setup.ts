import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../postgres.ts'
import { startRedis } from '../redis.ts'

/**
 * One PostgreSQL and one Redis for the whole run, gone after it. `DATABASE_URL` (an administrator) and `REDIS_URL` put
 * real ones in their place. Test files find them in the environment.
 */
export const setup = async () => {
  const dir = mkdtempSync(join(tmpdir(), 'wealist-test-'))
  const given = { database: process.env['DATABASE_URL'], redis: process.env['REDIS_URL'] }
  const postgres = given.database ? undefined : await startPostgres({ dir: join(dir, 'postgres'), durable: false })
  const redis = given.redis ? undefined : await startRedis()
  process.env['TEST_DATABASE_URL'] = given.database ?? postgres!.url
  process.env['TEST_REDIS_URL'] = given.redis ?? redis!.url
  process.env['TEST_RUN'] = String(process.pid)
  return async () => {
    await redis?.stop()
    await postgres?.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}
