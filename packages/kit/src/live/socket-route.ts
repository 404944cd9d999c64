import * as z from 'zod'
import { inOrder } from '../mount.ts'
import { type CloseCode, closeCodes } from './close-codes.ts'
import type { Given } from './right.ts'
import type { Socket } from './socket.ts'

/** The parameters of a path that matches, or null. Taken as it stands: ids need no decoding, and what needs it is no id. */
export const matcher = (path: string) => {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!)
  const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`)
  return (pathname: string) => {
    const match = pattern.exec(pathname)
    return match && Object.fromEntries(names.map((name, i) => [name, match[i + 1]!]))
  }
}

// Made once: zod compiles a new object at its first use.
const noQuery = z.object({})

/** What a path and a query give a socket, or the code that says what is wrong with them. */
export const givenOf = (
  { route }: Socket,
  params: Record<string, string>,
  query: Record<string, string | undefined>,
): { given: Given } | { refused: CloseCode } => {
  const path = route.params.safeParse(params)
  if (!path.success) return { refused: closeCodes.unknown }
  const asked = (route.query ?? noQuery).safeParse(query)
  return asked.success ? { given: { ...path.data, ...asked.data } } : { refused: closeCodes.protocol }
}

/** The socket of a path, words before parameters. */
export const socketAt = (
  sockets: readonly Socket[],
  pathname: string,
  query: Record<string, string | undefined>,
): { socket: Socket; given: Given } | { refused: CloseCode } => {
  for (const socket of inOrder(sockets)) {
    const params = matcher(socket.route.path)(pathname)
    if (!params) continue
    const found = givenOf(socket, params, query)
    return 'given' in found ? { socket, ...found } : found
  }
  return { refused: closeCodes.unknown }
}
