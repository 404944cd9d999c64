import { Hono } from 'hono'
import { answerError } from './answer.ts'
import { docsPage, docsPolicy } from './docs.ts'
import { endpoint } from './endpoint.ts'
import { notFound } from './errors.ts'
import { commonHeaders, preflight } from './headers.ts'
import { health } from './health.ts'
import { inOrder } from './mount.ts'
import { openApi } from './openapi.ts'
import { requestInfo } from './request-info.ts'
import type { ServiceSpec } from './service.ts'
import type { Runtime } from './start.ts'

export type App = Hono

/** The service's one Hono app: its routes, health, documents, and the contract's 404 for everything else. */
export const buildApp = (spec: Pick<ServiceSpec, 'name' | 'contract' | 'features'>, runtime: Runtime): App => {
  const { config, log } = runtime.base
  const app = new Hono()
  for (const mounted of inOrder(spec.features.flat()))
    app.on(mounted.route.method, mounted.route.path.replace(/\{(\w+)\}/g, ':$1'), endpoint(runtime, mounted))
  app.options('/api/*', (c) => preflight(config.CORS_ORIGINS, c.req.header('origin')))

  // Made once, by who first asks: the start does not wait for what most processes are never asked for.
  let document: string | undefined
  let page: string | undefined
  const fixed = commonHeaders([], undefined)
  app.get('/openapi.json', () => {
    document ??= JSON.stringify(openApi(spec.name, spec.contract, config.VERSION))
    return new Response(document, { headers: { ...fixed, 'content-type': 'application/json' } })
  })
  app.get('/docs', () => {
    page ??= docsPage(spec.name, spec.contract)
    const headers = { ...fixed, 'content-type': 'text/html; charset=utf-8', 'content-security-policy': docsPolicy }
    return new Response(page, { headers })
  })
  health(app, runtime)

  const refuse = (c: Parameters<typeof requestInfo>[0], error: unknown) => {
    const info = requestInfo(c, config)
    const { status, headers, body } = answerError(error, info.id)
    return new Response(body, {
      status,
      headers: { ...commonHeaders(config.CORS_ORIGINS, info.header('origin')), 'x-request-id': info.id, ...headers },
    })
  }
  app.notFound((c) => refuse(c, notFound('This address')))
  app.onError((error, c) => {
    log.error({ err: error }, 'request failed outside a route')
    return refuse(c, error)
  })
  return app
}
