import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ServerType } from '@hono/node-server'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Person } from '../actor.ts'
import type { Auth } from '../auth.ts'
import { codeOf, unauthorized } from '../errors.ts'
import { type CloseCode, closeCodeOf, closeCodes } from './close-codes.ts'
import { connect, type Open, type Parts } from './connection.ts'
import { control } from './listener.ts'
import type { Socket } from './socket.ts'

const mostFrame = 32 * 1024

export interface NodeSockets extends Parts {
  auth: Auth
  sockets: readonly Socket[]
  /** Origins a browser may come from; a missing one is not a browser. */
  origins: readonly string[]
}

/**
 * Sockets on Node: upgrades on the service's own HTTP server. Only a wrong Origin and an unknown path are refused by
 * HTTP; everything else is said on the open socket, since a browser shows a refused upgrade as 1006 without a reason.
 */
export const listenForSockets = (server: ServerType, parts: NodeSockets) => {
  const wss = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: mostFrame,
    clientTracking: false,
  })
  const routes = parts.sockets.map((socket) => ({ socket, match: matcher(socket.route.path) }))
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy())
    const url = new URL(request.url ?? '/', 'http://service')
    const found = routes
      .map(({ socket, match }) => ({ socket, params: match(url.pathname) }))
      .find(({ params }) => params)
    if (!found) return refuse(stream, '404 Not Found')
    const { origin } = request.headers
    if (origin !== undefined && !parts.origins.includes(origin)) return refuse(stream, '403 Forbidden')
    wss.handleUpgrade(request, stream, head, (ws) => accept(parts, found.socket, found.params!, ws, request, url))
  })
}

const refuse = (stream: Duplex, status: string) =>
  void stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)

const matcher = (path: string) => {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!)
  const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`)
  return (pathname: string) => {
    const match = pattern.exec(pathname)
    return match && Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(match[i + 1]!)]))
  }
}

const accept = (
  parts: NodeSockets,
  socket: Socket,
  given: Record<string, string>,
  ws: WebSocket,
  request: IncomingMessage,
  url: URL,
) => {
  let connection: Open | undefined
  let early: string[] = []
  const wire = {
    send: (data: Buffer) => void (ws.readyState === ws.OPEN && ws.send(data, { binary: false }, () => undefined)),
    unsent: () => ws.bufferedAmount,
    close: (code: CloseCode) => {
      ws.close(code)
      // A client that does not read never answers the close.
      setTimeout(() => ws.terminate(), 2000).unref()
    },
  }
  const end = (code: CloseCode) => {
    wire.send(control('bye', { code }))
    wire.close(code)
  }
  ws.on('error', () => connection?.gone())
  ws.on('close', () => connection?.gone())
  ws.on('message', (data: RawData, binary: boolean) => {
    if (binary) return connection ? connection.close(closeCodes.protocol) : end(closeCodes.protocol)
    const text = String(data)
    if (connection) connection.receive(text)
    else if (early.push(text) > 16) end(closeCodes.tooMany)
  })
  const params = socket.route.params.safeParse(given)
  if (!params.success) return end(closeCodes.unknown)
  signIn(parts.auth, request, url).then(
    (person) => {
      if (ws.readyState !== ws.OPEN) return
      connection = connect(parts, socket, wire, person, params.data as Record<string, string>)
      for (const text of early) connection.receive(text)
      early = []
    },
    (error: unknown) => end(closeCodeOf(codeOf(error))),
  )
}

// A ticket, since browsers set no headers on sockets; a bearer header works too. Never a token in the URL.
const signIn = async (auth: Auth, request: IncomingMessage, url: URL): Promise<Person> => {
  const ticket = url.searchParams.get('ticket')
  const header = (name: string) => request.headers[name]?.toString()
  const person = ticket ? await auth.ticket(ticket) : await auth.actor(header)
  if (!person) throw unauthorized('A socket needs a ticket.')
  return person
}
