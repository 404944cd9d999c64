import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'

/** What API Gateway hands a function for a WebSocket, as far as ours look at it. */
export interface WebSocketEvent {
  requestContext: {
    routeKey: '$connect' | '$default' | '$disconnect'
    eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT'
    connectionId: string
    connectedAt: number
    domainName: string
    stage: string
    identity: { sourceIp: string }
  }
  headers?: Record<string, string>
  queryStringParameters?: Record<string, string>
  body?: string
  isBase64Encoded: boolean
}

export interface WebSocketApiOptions {
  /** The function behind all three routes. */
  handler(event: WebSocketEvent): Promise<{ statusCode: number }>
  stage?: string
  /** Without a message for so long, and in all. */
  idleMs?: number
  mostMs?: number
}

interface Connection {
  socket: WebSocket
  connectedAt: number
  lastActiveAt: number
  idle: NodeJS.Timeout
}

const mostFrame = 32 * 1024
const mostPayload = 128 * 1024

/**
 * Stand-in of an API Gateway WebSocket API: sockets become events, `@connections` answers the real SDK client. It has
 * the limits that hurt: 10 minutes idle, 2 hours in all, frames of 32 KB, posts of 128 KB, nothing can be posted before
 * `$connect` has returned, 410 for who is gone. A path beyond the stage is refused as there; what CloudFront makes of
 * one, `?path=`, the caller adds. It does not check signatures, nor does it join fragments of a message.
 */
export const startWebSocketApi = async ({
  handler,
  stage = 'live',
  idleMs = 600_000,
  mostMs = 7_200_000,
}: WebSocketApiOptions) => {
  const connections = new Map<string, Connection>()
  const running = new Set<Promise<unknown>>()
  const wss = new WebSocketServer({ noServer: true, maxPayload: mostFrame, perMessageDeflate: false })
  const server = createServer((request, response) => void manage(request, response))
  // Said by $disconnect too, which comes after the end.
  let where = ''

  const invoke = (id: string, about: Partial<WebSocketEvent> & { key: '$connect' | '$default' | '$disconnect' }) => {
    const { key, ...rest } = about
    const eventType = ({ $connect: 'CONNECT', $default: 'MESSAGE', $disconnect: 'DISCONNECT' } as const)[key]
    const work = handler({
      requestContext: {
        routeKey: key,
        eventType,
        connectionId: id,
        connectedAt: connections.get(id)?.connectedAt ?? Date.now(),
        domainName: where,
        stage,
        identity: { sourceIp: '127.0.0.1' },
      },
      isBase64Encoded: false,
      ...rest,
    }).catch(() => ({ statusCode: 500 }))
    running.add(work)
    void work.finally(() => running.delete(work))
    return work
  }

  const open = (id: string, socket: WebSocket) => {
    const now = Date.now()
    const touch = () => {
      const c = connections.get(id)
      if (!c) return
      c.lastActiveAt = Date.now()
      c.idle.refresh()
    }
    const idle = setTimeout(() => socket.close(1001, 'Going away'), idleMs).unref()
    connections.set(id, { socket, connectedAt: now, lastActiveAt: now, idle })
    const end = setTimeout(() => socket.close(1001, 'Going away'), mostMs).unref()
    socket.on('error', () => undefined)
    socket.on('message', (data, binary) => {
      touch()
      if (binary) return socket.close(1003)
      void invoke(id, { key: '$default', body: String(data) }).then(({ statusCode }) => {
        // What a function that failed leaves its client with.
        if (statusCode >= 500 && socket.readyState === WebSocket.OPEN)
          socket.send(JSON.stringify({ message: 'Internal server error', connectionId: id }))
      })
    })
    socket.on('close', () => {
      clearTimeout(idle)
      clearTimeout(end)
      connections.delete(id)
      void invoke(id, { key: '$disconnect' })
    })
  }

  const enter = (request: IncomingMessage, search: string, stream: Duplex, head: Buffer) => {
    const id = randomBytes(9).toString('base64')
    const headers = Object.fromEntries(Object.entries(request.headers).map(([k, v]) => [k, String(v)]))
    const asked = { headers, queryStringParameters: Object.fromEntries(new URLSearchParams(search)) }
    void invoke(id, { key: '$connect', ...asked }).then(({ statusCode }) => {
      if (statusCode >= 300) return stream.end(`HTTP/1.1 ${statusCode} Refused\r\ncontent-length: 0\r\n\r\n`)
      wss.handleUpgrade(request, stream, head, (socket) => open(id, socket))
    })
  }
  server.on('upgrade', (request, stream, head) => {
    const url = new URL(request.url ?? '/', 'http://api')
    if (url.pathname === `/${stage}`) return enter(request, url.search, stream, head)
    stream.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')
  })

  const manage = async (request: IncomingMessage, response: ServerResponse) => {
    const [, id] = /^\/[^/]+\/@connections\/(.+)$/.exec(request.url ?? '') ?? []
    const body = Buffer.concat(await request.toArray())
    const found = id === undefined ? undefined : connections.get(decodeURIComponent(id))
    if (!found || found.socket.readyState !== WebSocket.OPEN)
      return response.writeHead(410, { 'x-amzn-errortype': 'GoneException' }).end('{}')
    if (request.method === 'GET') {
      const { connectedAt, lastActiveAt } = found
      const at = (ms: number) => new Date(ms).toISOString()
      return response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          connectedAt: at(connectedAt),
          lastActiveAt: at(lastActiveAt),
          identity: { sourceIp: '127.0.0.1', userAgent: '' },
        }),
      )
    }
    if (request.method === 'DELETE') {
      found.socket.close(1000)
      return response.writeHead(204).end()
    }
    if (body.length > mostPayload)
      return response.writeHead(413, { 'x-amzn-errortype': 'PayloadTooLargeException' }).end('{}')
    found.idle.refresh()
    found.socket.send(body.toString())
    return response.writeHead(200).end()
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  where = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    /** Where clients connect; `?path=` names the socket. */
    url: `ws://${where}/${stage}`,
    /** The endpoint of `@connections`, for the SDK's client. */
    endpoint: `http://${where}/${stage}`,
    /** A socket that came to another server: the router's, which made this query of its path. */
    upgrade: enter,
    get open() {
      return connections.size
    },
    /** Cuts a client off without a word, as a lost network does. */
    cut: (id: string) => connections.get(id)?.socket.terminate(),
    stop: async () => {
      for (const { socket } of connections.values()) socket.terminate()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      while (running.size > 0) await Promise.allSettled(running)
    },
  }
}
