import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as ask,
  type ServerResponse,
} from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorBody } from '@wealist/contract/problem'
import type { ServiceName } from '@wealist/contract/topology'
import { routeOf } from './gateway-routes.ts'

export interface Gateway {
  port: number
  stop(): Promise<void>
}

export interface GatewayOptions {
  port: number
  /** Where each service listens. */
  targets: Record<ServiceName, { port: number }>
  /** The page at `/`. */
  landing?: () => string
}

/**
 * Stands where Istio's gateway stands in production: path routes, nothing else, on one port. Bodies, streams and sockets
 * pass through as they come. It is not a security boundary: services verify tokens themselves (AUTH_MODE=jwks).
 */
export const startGateway = async ({ port, targets, landing }: GatewayOptions): Promise<Gateway> => {
  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0 }, (request, response) => {
    if (landing && request.method === 'GET' && request.url === '/')
      return void response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
        .end(landing())
    const route = routeOf(request.url ?? '')
    if (!route) return refuse(response, 404, 'NOT_FOUND', 'This address does not exist.')
    const upstream = ask({
      port: targets[route.service].port,
      host: '127.0.0.1',
      method: request.method,
      path: route.path,
      headers: forwarded(request),
    })
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
      answer.on('error', () => response.destroy())
    })
    upstream.on('error', () =>
      response.headersSent
        ? response.destroy()
        : refuse(response, 503, 'UNAVAILABLE', `${route.service} cannot be reached.`),
    )
    response.on('close', () => upstream.destroy())
    request.pipe(upstream)
  })
  server.on('upgrade', (request, socket, head) => upgrade(request, socket, head, targets))
  server.on('clientError', (_, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

// What the outside says of who it is or where it comes from is replaced by what the gateway knows.
const forwarded = (request: IncomingMessage): IncomingHttpHeaders => {
  const { 'x-jwt-payload': _, 'x-forwarded-for': __, ...headers } = request.headers
  return { ...headers, 'x-forwarded-for': request.socket.remoteAddress ?? '', 'x-forwarded-proto': 'http' }
}

const refuse = (response: ServerResponse, status: number, code: ErrorBody['error']['code'], message: string) => {
  const requestId = crypto.randomUUID()
  const body: ErrorBody = { error: { code, message, requestId } }
  response
    .writeHead(status, { 'content-type': 'application/json', 'x-request-id': requestId })
    .end(JSON.stringify(body))
}

const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer, targets: GatewayOptions['targets']) => {
  const end = () => socket.destroy()
  socket.on('error', end)
  const route = routeOf(request.url ?? '')
  if (!route) return void socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n')
  const upstream = ask({
    port: targets[route.service].port,
    host: '127.0.0.1',
    path: route.path,
    headers: { ...forwarded(request), connection: 'Upgrade', upgrade: request.headers.upgrade },
  })
  upstream.on('error', () => socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n'))
  upstream.on('response', (answer) => {
    // Not switched: an ordinary answer, which the client reads as the reason.
    socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\nconnection: close\r\n\r\n`)
    answer.pipe(socket)
  })
  upstream.on('upgrade', (answer, other, rest) => {
    const lines = Object.entries(answer.headers).map(([k, v]) => `${k}: ${String(v)}`)
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
    if (rest.length) socket.write(rest)
    if (head.length) other.write(head)
    other.on('error', end)
    other.on('close', end)
    socket.on('close', () => other.destroy())
    socket.pipe(other).pipe(socket)
  })
  upstream.end()
}
