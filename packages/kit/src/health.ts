import type { Hono } from 'hono'
import type { Runtime } from './start.ts'
import { sql } from './sql.ts'

type Check = 'ok' | 'away'

const within = (ms: number, check: Promise<unknown>): Promise<Check> => {
  let timer: ReturnType<typeof setTimeout>
  const late = new Promise<Check>((resolve) => (timer = setTimeout(() => resolve('away'), ms)))
  const done = check.then(
    (): Check => 'ok',
    (): Check => 'away',
  )
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}

/**
 * Live while the process can answer. Ready until it drains: a dependency that is away is reported, with 200, because
 * otherwise one restart of Redis would take every pod out of service at once.
 */
export const health = (app: Hono, { base, state }: Runtime) => {
  const checks = async () => {
    const all: [string, Promise<Check>][] = [['redis', within(1000, base.redis.ping())]]
    if (base.db) all.push(['postgres', within(1000, base.db.row(sql`select 1 as one`))])
    return Object.fromEntries(await Promise.all(all.map(async ([name, check]) => [name, await check] as const)))
  }
  app.get('/health/live', (c) => c.json({ status: 'ok', version: base.config.VERSION }))
  app.get('/health/ready', async (c) => {
    const results = await checks()
    const status = state.draining ? 'draining' : Object.values(results).every((r) => r === 'ok') ? 'ok' : 'degraded'
    return c.json({ status, version: base.config.VERSION, checks: results }, state.draining ? 503 : 200)
  })
}
