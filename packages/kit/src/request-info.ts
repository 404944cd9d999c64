import { randomUUID } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { LambdaEvent } from 'hono/aws-lambda'
import type { Config } from './config.ts'
import type { RequestInfo } from './context.ts'

/** What every request brings besides its input. A request id that comes in is kept when it is harmless to log. */
// No getter here: V8 makes a hidden class for each object that has one of its own, and that keeps the whole request in
// memory until the next full collection.
export const requestInfo = (c: Context, config: Pick<Config, 'TRUSTED_HOPS'>): RequestInfo => {
  const header = (name: string) => c.req.header(name)
  const given = header('x-request-id')
  return {
    id: given !== undefined && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID(),
    traceparent: header('traceparent'),
    ip: clientAddress(config.TRUSTED_HOPS, header('x-forwarded-for'), socketAddress(c)),
    userAgent: header('user-agent')?.slice(0, 300),
    header,
    ifMatch: undefined,
    raw: c.req.raw,
  }
}

/** The address `hops` from the right of X-Forwarded-For: what stands further left the client wrote itself. */
export const clientAddress = (hops: number, forwarded: string | undefined, socket: string) => {
  if (hops === 0 || forwarded === undefined) return socket
  const all = forwarded.split(',').map((s) => s.trim())
  return all[all.length - hops] || socket
}

const socketAddress = (c: Context) => {
  const env = c.env as (Partial<HttpBindings> & { event?: LambdaEvent }) | undefined
  const source = (env?.event as { requestContext?: { http?: { sourceIp?: string } } } | undefined)?.requestContext?.http
    ?.sourceIp
  return env?.incoming?.socket.remoteAddress ?? source ?? 'unknown'
}
