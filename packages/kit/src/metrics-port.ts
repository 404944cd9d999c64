import { serve, type ServerType } from '@hono/node-server'
import { Hono } from 'hono'
import { listFailed } from './jobs.failed.ts'
import type { Running } from './start.ts'

/**
 * What only operators' eyes reach, on a port of its own: `/metrics` for Prometheus, `/health/*` as on the public port,
 * `/logs?level=&q=&limit=&at=&id=`, the last lines in memory (`LOG_RECENT`; none unless set), older than `at` and `id`, and
 * `/jobs?limit=&at=&id=`, the jobs that failed for good, before `at` and `id`; with `id` alone that one.
 */
export const serveMetrics = (
  { base, app, recent, jobs }: Pick<Running, 'base' | 'app' | 'recent' | 'jobs'>,
  port: number,
  hostname: string,
): Promise<ServerType> => {
  const own = new Hono()
  own.get('/metrics', async () => {
    const text = await base.metrics.metrics()
    return new Response(text, { headers: { 'content-type': base.metrics.contentType } })
  })
  own.get('/health/*', (c) => app.fetch(c.req.raw))
  own.get('/logs', (c) => {
    const { level = 'info', q, at, id, limit = '100' } = c.req.query()
    const before = at && id ? { at, id } : undefined
    return c.json({ items: recent.read({ level, q, before, limit: Math.min(Number(limit) || 1, 101) }) })
  })
  own.get('/jobs', async (c) => {
    const { at, id, limit = '100' } = c.req.query()
    const which = at && id ? { before: { at, id } } : { id }
    return c.json({
      items: jobs ? await listFailed(base.db, { ...which, limit: Math.min(Number(limit) || 1, 101) }) : [],
    })
  })
  own.onError((error, c) => {
    base.log.error({ err: error }, 'the metrics port failed')
    return c.body(null, 500)
  })
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: own.fetch, port, hostname, overrideGlobalObjects: false }, () => resolve(server))
    server.once('error', reject)
  })
}
