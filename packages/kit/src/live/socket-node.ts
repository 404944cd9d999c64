import type { IncomingMessage } from 'node:http'
import type { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ServerType } from '@hono/node-server'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { Person } from '../actor.ts'
import type { Auth } from '../auth.ts'
import { codeOf, unauthorized } from '../errors.ts'
import { inOrder } from '../mount.ts'
import { openTurns } from '../turns.ts'
import { type CloseCode, closeCodeOf, closeCodes } from './close-codes.ts'
import { connect, type ConnectionParts, type Open, type Wire } from './connection.ts'
import { mostFrame, Pace } from './intake.ts'
import { control, type Message } from './message.ts'
import type { Given } from './right.ts'
import type { Socket } from './socket.ts'
import { takenOf } from './taken.ts'
import { givenOf, matcher } from './socket-route.ts'
import { textFrame } from './text-frame.ts'
import { type Batch, openOutlets, type Outlet } from './outlets.ts'

export interface NodeSockets extends ConnectionParts {
  auth: Auth
  sockets: readonly Socket[]
  /** Origins a browser may come from; a missing one is not a browser. */
  origins: readonly string[]
  /** Counts an upgrade of an address; the seconds to wait where it is one too many. */
  limit(request: IncomingMessage): Promise<number | undefined>
}

/**
 * Whoever comes is let in, or not, before the next but seven begins: what deciding needs would otherwise be there for a
 * thousand at a time after a restart, and V8 keeps for good what it once took. The client waits with its upgrade.
 */
const arriving = { atOnce: 8, waiting: 10_000, patience: 10_000, refusal: 'Too many come at this moment.' }
// Frames that come before the client is known; it may send `resume` with its first breath.
const mostEarly = 8

/**
 * Sockets on Node: upgrades on the service's own HTTP server. Only a wrong Origin and an unknown path are refused by
 * HTTP; everything else is said on the open socket, since a browser shows a refused upgrade as 1006 without a reason.
 */
export const listenForSockets = (server: ServerType, parts: NodeSockets) => {
  // A frame just above the limit is answered with `bye`; far above, ws itself ends the socket with 1009.
  const wss = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 4 * mostFrame,
    clientTracking: false,
    WebSocket: ClientSocket,
  })
  const arrivals = openTurns(arriving)
  const routes = inOrder(parts.sockets).map((socket) => ({ socket, match: matcher(socket.route.path) }))
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', destroy)
    const url = URL.parse(`http://service${request.url ?? '/'}`)
    const found = url && routes.find(({ match }) => match(url.pathname))
    if (!found) return refuse(stream, '404 Not Found')
    const { origin } = request.headers
    if (origin !== undefined && !parts.origins.includes(origin)) return refuse(stream, '403 Forbidden')
    const take = async () => {
      let admitted: Promise<void> | undefined
      // Who left while waiting is not upgraded, and costs nobody a turn.
      wss.handleUpgrade(request, stream, head, (client) => {
        const line = (client.line = new Line(parts, client, stream as NetSocket))
        admitted = accept(parts, line, { socket: found.socket, given: found.match(url.pathname)!, request, url })
      })
      // From here on ws hears of them.
      stream.off('error', destroy)
      await admitted
    }
    arrivals.of('socket', take).catch(() => refuse(stream, '503 Service Unavailable'))
  })
}

// Made once: one made there would keep the request as long as the stream.
function destroy(this: Duplex) {
  this.destroy()
}

// Destroyed, not only ended: an upgraded stream stays half open as long as its client likes.
const refuse = (stream: Duplex, status: string) => {
  stream.once('finish', () => stream.destroy())
  stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

const outlets = openOutlets(textFrame)

// Written past ws, which would frame the same text once for every socket: with 1,000 listeners a third of the cost.
class Line implements Wire, Outlet {
  waiting: Batch | undefined = undefined
  readonly parts: NodeSockets
  private readonly client: ClientSocket
  private readonly stream: NetSocket
  private connection: Open | undefined = undefined
  private early: string[] | undefined = []
  private over = false
  private pings: Pace | undefined = undefined

  constructor(parts: NodeSockets, client: ClientSocket, stream: NetSocket) {
    this.parts = parts
    this.client = client
    this.stream = stream
  }

  send(message: Message) {
    if (this.client.readyState === WebSocket.OPEN) outlets.send(this, message)
  }

  write(data: Buffer) {
    if (this.client.readyState === WebSocket.OPEN) this.stream.write(data)
  }

  unsent() {
    return this.stream.writableLength + (this.waiting?.bytes ?? 0)
  }

  taken() {
    return takenOf(this.stream)
  }

  close(code: CloseCode) {
    const { client } = this
    outlets.flush(this)
    client.close(code)
    // Whoever floods goes on after they were told: what they still send is not read.
    if (floods.has(code)) client.pause()
    // A client that does not read never answers the close.
    setTimeout(() => client.terminate(), 2000).unref()
  }

  open(socket: Socket, person: Person, params: Given) {
    if (this.over || this.client.readyState !== WebSocket.OPEN) return
    this.connection = connect(this.parts, { socket, wire: this, person, params })
    for (const text of this.early ?? []) this.connection.receive(text)
    this.early = undefined
    return this.connection.admission
  }

  end(code: CloseCode, about?: object) {
    if (this.connection) return this.connection.close(code)
    if (this.over) return
    this.over = true
    this.send(control('bye', { code, ...about }))
    this.close(code)
  }

  gone() {
    this.connection?.gone()
  }

  pinged() {
    const now = this.parts.timing.now()
    if (!(this.pings ??= new Pace(now)).allows(now)) this.end(closeCodes.tooMany)
  }

  heard(data: RawData, binary: boolean) {
    if (this.over) return
    if (binary) return this.end(closeCodes.protocol)
    const text = String(data)
    if (this.connection) this.connection.receive(text)
    else if (this.early && this.early.push(text) > mostEarly) this.end(closeCodes.tooMany)
  }
}

// Without listeners, of which ten thousand sockets would have a table each.
class ClientSocket extends WebSocket {
  line: Line | undefined

  override emit(event: string | symbol, ...about: unknown[]) {
    if (event === 'message') this.line?.heard(about[0] as RawData, about[1] as boolean)
    else if (event === 'ping') this.line?.pinged()
    else if (event === 'close' || event === 'error') this.line?.gone()
    return true
  }
}

const floods = new Set<CloseCode>([closeCodes.tooMany, closeCodes.tooLarge, closeCodes.protocol])

interface Asked {
  socket: Socket
  given: Record<string, string>
  request: IncomingMessage
  url: URL
}

const accept = async (parts: NodeSockets, line: Line, { socket, given, request, url }: Asked) => {
  const found = givenOf(socket, given, queryOf(url))
  if ('refused' in found) return line.end(found.refused)
  try {
    const { person, wait = 0 } = await letIn(parts, request, url)
    if (!person) return line.end(closeCodes.tooMany, { retryAfter: wait * 1000 })
    await line.open(socket, person, found.given)
  } catch (error) {
    line.end(closeCodeOf(codeOf(error)))
  }
}

// Outside of what lives as long as the socket: a request weighs as much as all that is kept of it.
const letIn = async (
  { auth, limit }: NodeSockets,
  request: IncomingMessage,
  url: URL,
): Promise<{ person?: Person; wait?: number }> => {
  const wait = await limit(request)
  return wait === undefined ? { person: await signIn(auth, request, url) } : { wait }
}

// The ticket is no part of what a socket is asked for.
const queryOf = (url: URL) => {
  const { ticket: _, ...query } = Object.fromEntries(url.searchParams)
  return query
}

// A ticket, since browsers set no headers on sockets; a bearer header works too. Never a token in the URL.
const signIn = async (auth: Auth, request: IncomingMessage, url: URL): Promise<Person> => {
  const ticket = url.searchParams.get('ticket')
  const header = (name: string) => request.headers[name]?.toString()
  const person = ticket ? await auth.ticket(ticket) : await auth.actor(header)
  if (!person) throw unauthorized('A socket needs a ticket.')
  return person
}
