import { randomUUID } from 'node:crypto'
import { isIPv6 } from 'node:net'
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
    ip: clientAddress(config.TRUSTED_HOPS, header('x-forwarded-for'), () => socketAddress(c)),
    userAgent: header('user-agent')?.slice(0, 300),
    header,
    ifMatch: undefined,
    raw: c.req.raw,
  }
}

/** The address `hops` from the right of X-Forwarded-For: what stands further left the client wrote itself. */
export const clientAddress = (hops: number, forwarded: string | undefined, bySocket: () => string | undefined) => {
  // Not asked for where it is not needed: Node keeps the answer as long as the connection.
  const socket = () => bySocket() ?? 'unknown'
  if (hops === 0 || forwarded === undefined) return socket()
  const all = forwarded.split(',').map((s) => s.trim())
  return all[all.length - hops] || socket()
}

/**
 * An address as limits count it: of IPv6 its /64, which one person has whole; IPv4 written as IPv6 is that IPv4. What is
 * no address stays as it is.
 */
export const networkOf = (address: string) => {
  const plain = address.replace(/%.*$/, '')
  if (!isIPv6(plain)) return address
  // The one way of writing it: hexadecimal, in lower case, the longest run of zeros as `::`.
  const [head = '', tail = ''] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::')
  const [left, right] = [head, tail].map((part) => (part === '' ? [] : part.split(':'))) as [string[], string[]]
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
  if (groups.slice(0, 6).join() !== '0,0,0,0,0,ffff') return `${groups.slice(0, 4).join(':')}::/64`
  return groups
    .slice(6)
    .map((group) => parseInt(group, 16))
    .flatMap((both) => [both >> 8, both & 255])
    .join('.')
}

const socketAddress = (c: Context) => {
  const env = c.env as (Partial<HttpBindings> & { event?: LambdaEvent }) | undefined
  const source = (env?.event as { requestContext?: { http?: { sourceIp?: string } } } | undefined)?.requestContext?.http
    ?.sourceIp
  return env?.incoming?.socket.remoteAddress ?? source
}
