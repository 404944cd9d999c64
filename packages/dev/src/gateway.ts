import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as ask,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorBody } from '@wealist/contract/problem'
import type { ServiceName } from '@wealist/contract/topology'
import { routeOf, type Target } from './gateway-routes.ts'

export interface Gateway {
  port: number
  /** Takes no more requests and ends what is open. */
  stop(): Promise<void>
}

export interface GatewayOptions {
  /** 0 takes any. */
  port: number
  /** Where each service listens, on this machine. */
  targets: Record<ServiceName, { port: number }>
  /** Answers `/`, with or without a query. */
  landing?: RequestListener
}

/**
 * Stands where Istio's gateway stands in production: path routes, nothing else, on one port of this machine. Bodies, streams
 * and sockets pass through as they come. It is no security boundary: services verify tokens themselves (AUTH_MODE=jwks).
 */
export const startGateway = async ({ port, targets, landing }: GatewayOptions): Promise<Gateway> => {
  const open = new Set<Duplex>()
  const options = {
    keepAliveTimeout: 65_000,
    requestTimeout: 0,
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
  }
  const listen = (host: string, on: number) => {
    const server = createServer(options, (request, response) => {
      if (landing && (request.method === 'GET' || request.method === 'HEAD') && /^\/(\?|$)/.test(request.url ?? ''))
        return void landing(request, response)
      const route = routeOf(request.url ?? '')
      if (!route)
        return refuse(
          response,
          404,
          'NOT_FOUND',
          'This address does not exist. Those of a service stand below /api/svc/<service>.',
        )
      pass(request, response, route, targets)
    })
    server.on('upgrade', (request, socket, head) => upgrade(request, socket, head, targets))
    server.on('connection', (socket) => {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    })
    return new Promise<number>((resolve, reject) => {
      server.once('error', reject).listen(on, host, () => {
        const address = server.address()
        servers.push(server)
        resolve(typeof address === 'object' && address ? address.port : on)
      })
    })
  }
  const servers: ReturnType<typeof createServer>[] = []
  const own = await listen('127.0.0.1', port)
  // "localhost" is either address; a machine may have no IPv6.
  await listen('::1', own).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') throw error
  })
  return {
    port: own,
    stop: async () => {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)))
      for (const socket of open) socket.destroy()
      await Promise.all(closed)
    },
  }
}

const upstreamOf = (request: IncomingMessage, { service, path }: Target, targets: GatewayOptions['targets']) => {
  // What the outside says of who it is or where it comes from is replaced by what the gateway knows.
  const { 'x-jwt-payload': _, ...headers } = request.headers
  return {
    host: '127.0.0.1',
    port: targets[service].port,
    method: request.method,
    path,
    headers: { ...headers, 'x-forwarded-for': request.socket.remoteAddress ?? '', 'x-forwarded-proto': 'http' },
  }
}

const pass = (
  request: IncomingMessage,
  response: ServerResponse,
  route: Target,
  targets: GatewayOptions['targets'],
) => {
  const { headers, ...rest } = upstreamOf(request, route, targets)
  const upstream = ask({ ...rest, headers: withoutHop(headers) })
  upstream.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, withoutHop(answer.headers))
    // A stream that has nothing to say yet has begun all the same.
    response.flushHeaders()
    answer.pipe(response)
    answer.on('error', () => response.destroy())
  })
  upstream.on('error', () => {
    if (response.headersSent) response.destroy()
    else refuse(response, 503, 'UNAVAILABLE', `${route.service} cannot be reached.`)
  })
  response.on('close', () => upstream.destroy())
  request.pipe(upstream)
}

// What concerns one connection, not the request.
const withoutHop = (headers: IncomingHttpHeaders) => {
  const rest = { ...headers }
  for (const name of ['connection', 'keep-alive', 'upgrade']) delete rest[name]
  return rest
}

const refuse = (response: ServerResponse, status: number, code: ErrorBody['error']['code'], message: string) => {
  const requestId = crypto.randomUUID()
  const body: ErrorBody = { error: { code, message, requestId } }
  response
    .writeHead(status, { 'content-type': 'application/json', 'x-request-id': requestId })
    .end(JSON.stringify(body))
}

const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer, targets: GatewayOptions['targets']) => {
  socket.on('error', () => socket.destroy())
  const route = routeOf(request.url ?? '')
  if (!route) return void socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n')
  const upstream = ask(upstreamOf(request, route, targets))
  upstream.on('error', () => socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n'))
  upstream.on('response', (answer) => {
    // Not switched: an ordinary answer, which the client reads as the reason.
    socket.write(headOf(answer, ['connection', 'keep-alive', 'transfer-encoding']))
    answer.pipe(socket)
  })
  upstream.on('upgrade', (answer, other, rest) => {
    socket.write(headOf(answer))
    if (rest.length) socket.write(rest)
    if (head.length) other.write(head)
    other.on('error', () => socket.destroy())
    other.on('close', () => socket.destroy())
    socket.on('close', () => other.destroy())
    socket.pipe(other).pipe(socket)
  })
  socket.on('close', () => upstream.destroy())
  upstream.end()
}

const headOf = ({ statusCode, statusMessage, rawHeaders }: IncomingMessage, without?: string[]) => {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`]
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (!without?.includes(rawHeaders[i]!.toLowerCase())) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  if (without) lines.push('connection: close')
  return `${lines.join('\r\n')}\r\n\r\n`
}
