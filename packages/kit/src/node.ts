import { createServer, type RequestListener, type ServerOptions, type ServerResponse } from 'node:http'
import { pathToFileURL } from 'node:url'
import { serve as listen, type ServerType } from '@hono/node-server'
import { topology } from '@wealist/contract/topology'
import type * as z from 'zod'
import type { Overrides } from './base.ts'
import type { Env } from './config.ts'
import { giveBackWhenQuiet } from './give-back.ts'
import { listenForSockets } from './live/socket-node.ts'
import type { EventStream } from './live/sse.ts'
import { streamTo } from './live/sse-node.ts'
import { serveMetrics } from './metrics-port.ts'
import { boundedPipelining } from './pipelining.ts'
import type { ServiceSpec } from './service.ts'
import { type Running, start } from './start.ts'

export interface Listening<D> extends Running<D> {
  port: number
  metricsPort: number | undefined
  /** Drains, then closes: no new connections, work in flight ends, pools close. */
  stop(): Promise<void>
}

/** Starts a service and listens: HTTP, its sockets, and metrics on a port of their own. */
export const run = async <S extends z.ZodObject, D extends object>(
  spec: ServiceSpec<S, D>,
  env: Env,
  overrides?: Overrides,
): Promise<Listening<D>> => {
  const running = await start(spec, env, overrides)
  const { config, log } = running.base
  const fail = async (error: unknown): Promise<never> => {
    await running.close()
    throw error
  }
  const server = await new Promise<ServerType>((resolve, reject) => {
    const made = listen(
      {
        fetch: (request, { incoming, outgoing }) =>
          running.app.fetch(request, {
            incoming,
            stream: (headers: Record<string, string>, stream: EventStream) =>
              streamTo(outgoing as ServerResponse, headers, stream),
          }),
        port: config.PORT ?? topology[spec.name].port,
        hostname: config.HOST,
        serverOptions: patience,
        createServer: ((options: ServerOptions, serve: RequestListener) =>
          createServer(options, boundedPipelining(serve))) as typeof createServer,
      },
      () => resolve(made),
    )
    made.once('error', reject)
  }).catch(fail)
  // Whoever does not read their answers moves no byte; a stream has a heartbeat, and an upgraded socket its own rules.
  if ('timeout' in server) server.timeout = 60_000
  running.live.listen(server, running.contextOf, listenForSockets)
  const metrics =
    config.METRICS_PORT === undefined
      ? undefined
      : await serveMetrics(running, config.METRICS_PORT, config.HOST).catch((error: unknown) => {
          server.close()
          return fail(error)
        })
  const port = portOf(server)
  log.info({ port, version: config.VERSION }, 'listening')
  const keepWhatWeHave = giveBackWhenQuiet()
  const stop = async () => {
    keepWhatWeHave()
    const closed = new Promise((resolve) => server.close(resolve))
    await running.drain()
    // What is in flight ends within the time a request may take; a connection that idles, or comes to, is closed.
    const idle = setInterval(() => 'closeIdleConnections' in server && server.closeIdleConnections(), 50)
    const late = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), 5000)
    await closed
    clearInterval(idle)
    clearTimeout(late)
    metrics?.close()
    if (metrics && 'closeAllConnections' in metrics) metrics.closeAllConnections()
    await running.close()
  }
  return { ...running, port, metricsPort: metrics && portOf(metrics), stop }
}

// Milliseconds. A connection says what it wants within ten seconds, or is closed; Node by itself looks every 30 s and
// waits 60. Bodies have a deadline by their size (`readBytes`); an upload, which is read as it comes, has five minutes.
// Whoever is before us (the mesh: 30 s) lets an idle connection go first, or a request may meet its end.
const patience = {
  headersTimeout: 10_000,
  requestTimeout: 300_000,
  keepAliveTimeout: 45_000,
  connectionsCheckingInterval: 1000,
}

const portOf = (server: Pick<ServerType, 'address'>) => {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

/**
 * The container's entry: `node node.ts` serves until SIGTERM or SIGINT, `node node.ts migrate` brings the database up
 * to date and ends, and `node node.ts databases` makes the databases and roles of all services.
 */
export const serve = async <S extends z.ZodObject, D extends object>(spec: ServiceSpec<S, D>, entry: string) => {
  if (pathToFileURL(process.argv[1] ?? '').href !== entry) return
  if (process.argv[2] === 'migrate') {
    const { migrate } = await import('./migrate.ts')
    if (spec.migrations) await migrate({ url: process.env['DATABASE_URL'] ?? '', dir: spec.migrations })
    return
  }
  if (process.argv[2] === 'databases') return (await import('./databases.ts')).makeAll(process.env)
  const running = await run(spec, process.env)
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        running.base.log.fatal({ err: error }, 'could not stop')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}
