import { pathToFileURL } from 'node:url'
import { serve, type ServerType } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'

export interface PortalOptions {
  /** The built portal. */
  dist: string
  /** Where browsers reach the gateway: told at run time, so that one image serves every environment. */
  apiUrl: string
}

/** The portal as a site: its files, `/config.json`, and its one page for every other address. */
export const portal = ({ dist, apiUrl }: PortalOptions) => {
  const app = new Hono()
  const policy = [
    "default-src 'self'",
    // Mantine lays styles of its own into the page.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    `connect-src 'self' ${new URL(apiUrl).origin}`,
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  app.use(async (c, next) => {
    await next()
    c.header('content-security-policy', policy)
    c.header('x-content-type-options', 'nosniff')
    c.header('referrer-policy', 'no-referrer')
    // Files carry their content's hash in their names; all else is asked for anew.
    const named = c.req.path.startsWith('/assets/') && c.res.status < 400
    c.header('cache-control', named ? 'public, max-age=31536000, immutable' : 'no-cache')
  })
  app.get('/health/live', (c) => c.json({ status: 'ok' }))
  app.get('/config.json', (c) => c.json({ apiUrl }))
  app.use('/assets/*', serveStatic({ root: dist, precompressed: true }))
  // A file of a version that is gone must not be answered with a page.
  app.all('/assets/*', (c) => c.text('This file is not of this version.', 404))
  app.get('/icon.svg', serveStatic({ root: dist, path: 'icon.svg' }))
  app.get('*', serveStatic({ root: dist, path: 'index.html' }))
  return app
}

export const servePortal = (options: PortalOptions & { port: number; host: string }) =>
  new Promise<ServerType>((resolve, reject) => {
    const { fetch } = portal(options)
    const server = serve({ fetch, port: options.port, hostname: options.host }, () => resolve(server))
    server.once('error', reject)
  })

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { API_URL, PORT = '3001', HOST = '0.0.0.0', DIST = new URL('dist', import.meta.url).pathname } = process.env
  if (!API_URL) throw new Error('API_URL is not set: the address at which browsers reach the gateway')
  const server = await servePortal({ dist: DIST, apiUrl: API_URL, port: Number(PORT), host: HOST })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => server.close(() => process.exit(0)))
}
