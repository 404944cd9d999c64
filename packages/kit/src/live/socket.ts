import type { RouteSpec, SocketSpec } from '@wealist/contract/route'
import * as z from 'zod'
import type { Person } from '../actor.ts'
import type { Ctx } from '../context.ts'
import type { View } from './listener.ts'
import type { Show, Standing } from './presence.ts'

/** What a right rests on, besides the person: a change of membership in these workspaces has it decided again. */
export interface Grant {
  workspaces: readonly string[]
}

/** What a protocol may do with the socket it runs on. */
export interface Connection<Given = unknown> {
  /** What its path and query gave. */
  readonly given: Given
  /** Sends a frame `{ type, payload }` to this client alone. */
  send(type: string, payload: object): void
  /** How the person stands, by this socket, where its protocol has them present. Online unless told. */
  stand(standing: Standing): void
  /** Whether it listens to this room now; false on a socket without rooms. */
  has(room: string): boolean
}

/**
 * Topics that a client takes and leaves on one socket, beside the socket's own: `subscribe` and `unsubscribe` name them,
 * and every frame that concerns one names it by `key`: events at the top, the others in the payload. `endings` end the
 * room for a person (`removed`), and not the socket.
 */
export interface Rooms<D, Given> extends Omit<View, 'named'> {
  key: string
  /** What a name must be. */
  name: z.ZodType<string>
  /** Before a name it makes a topic. */
  prefix: string
  /** Which of these the person may have, in one statement on rows that are read now. Asked again when a right changes. */
  authorise(ctx: Ctx<D>, given: Given, names: readonly string[]): Promise<readonly string[]>
}
export type RoomsRule = Rooms<never, never>

/** Where a person is by having a socket or stream open. */
export interface PresenceRule<Given> {
  /** With `show` it is the socket's own topic. */
  place(given: Given, person: Person): string
  /** Tells the listeners of the topic who is there, now and when it changes; nothing where it is missing. */
  show?: Show
  /** Keeps when they were last there. */
  lastSeen?: boolean
}

/** What the path and the query of a socket say, parsed. */
export type Given<S extends SocketSpec> = z.output<S['params']> &
  (S['query'] extends z.ZodType ? z.output<S['query']> : unknown)

/**
 * A socket protocol as a value. It knows no transport: the same on `ws`, API Gateway and streams. `text` shows a frame
 * differently; `endings` names the events that end somebody's right as they are handed out.
 */
export interface Protocol<D, S extends SocketSpec> extends View {
  /** The durable topic. Known before the right is: the listener is registered first, so that no removal falls between. */
  topic(given: Given<S>, person: Person): string
  /**
   * Decides the right, on rows and memberships read now; throws NOT_FOUND, FORBIDDEN or UNAUTHORIZED. Called again
   * whenever the right may have changed.
   */
  authorise(ctx: Ctx<D>, given: Given<S>): Promise<Grant>
  presence?: PresenceRule<Given<S>>
  rooms?: Rooms<D, Given<S>>
  /** Any other frame of the client, parsed by the route's `incoming`. What it throws is an `error` to its sender. */
  message?(
    ctx: Ctx<D>,
    frame: S['incoming'] extends z.ZodType ? z.output<S['incoming']> : never,
    connection: Connection<Given<S>>,
  ): Promise<void>
}

export interface Socket {
  route: SocketSpec
  protocol: Protocol<never, SocketSpec>
}

/** A protocol for a route that answers with a stream: what the client would say, the request says. */
export const streams =
  <D>() =>
  (route: RouteSpec, protocol: Protocol<D, SocketSpec>): Socket => ({
    route: { path: route.path, summary: route.summary, params: none, outgoing: route.response ?? none, example },
    protocol: protocol as never,
  })
const none = z.strictObject({})
const example = { params: {} }

/** `socket(route, protocol)` for a service with these deps. */
export const sockets =
  <D>() =>
  <const S extends SocketSpec>(route: S, protocol: Protocol<D, S>): Socket => ({ route, protocol: protocol as never })
