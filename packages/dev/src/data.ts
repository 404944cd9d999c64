import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { takeLock } from './lock.ts'
import { startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'
import { repository } from './repository.ts'

// PostgreSQL and Redis alone, for functions that run on this machine under `sst dev`.
const dir = join(repository, '.wealist', 'sst')
mkdirSync(dir, { recursive: true })
const release = takeLock(join(dir, 'lock'))
const log = (line: string) => void console.error(line)
const [postgres, redis] = await Promise.all([
  startPostgres({ dir: join(dir, 'postgres'), port: 15432, durable: true, log }),
  startRedis({ port: 16379 }),
])
console.log(`In another terminal:\n`)
console.log(`DATABASE_URL=${postgres.url} REDIS_URL=${redis.url} npx sst dev --stage <your name>\n`)
const stop = async () => {
  await Promise.all([postgres.stop(), redis.stop()])
  release()
  process.exit(0)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop())
