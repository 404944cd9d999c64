import type { SocketSpec } from '@wealist/contract/route'
import type * as z from 'zod'
import type { Ctx } from '../context.ts'
import type { Endings } from './listener.ts'

/** What a socket may hear once its right was decided: a durable topic, and the workspaces that the right rests on. */
export interface Grant {
  topic: string
  workspaces: readonly string[]
}

/** What a protocol may do with the socket it runs on. */
export interface Connection {
  /** Sends a frame `{ type, payload }` to this client alone. */
  send(type: string, payload: object): void
}

/** A socket protocol as a value. It knows no transport: the same on `ws`, API Gateway and streams. */
export interface Protocol<D, S extends SocketSpec> {
  /** Decides the right, on fresh rows; throws NOT_FOUND, FORBIDDEN or UNAUTHORIZED. Called again when it may have changed. */
  authorise(ctx: Ctx<D>, params: z.output<S['params']>): Promise<Grant>
  /** Events that end somebody's right as they are handed out. */
  endings?: Endings
  /** A frame of the client besides `resume`, `renew` and `ping`; parsed by the route's `incoming`. */
  message?(
    ctx: Ctx<D>,
    frame: S['incoming'] extends z.ZodType ? z.output<S['incoming']> : never,
    connection: Connection,
  ): Promise<void>
}

export interface Socket {
  route: SocketSpec
  protocol: Protocol<never, SocketSpec>
}

/** `socket(route, protocol)` for a service with these deps. */
export const sockets =
  <D>() =>
  <const S extends SocketSpec>(route: S, protocol: Protocol<D, S>): Socket => ({ route, protocol: protocol as never })
