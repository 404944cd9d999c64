import { hash } from 'node:crypto'
import { invalid } from './errors.ts'

/** What a list was asked for: how many, and the keys of the last row the caller has. */
export interface PageRequest {
  limit: number
  /** The keys of the last row in PostgreSQL's own text, in the list's order, or null for the first page. */
  after: readonly string[] | null
  /** The cursor that stands for a row with these keys in this list. */
  cursor(keys: readonly (string | null)[]): string
}

/**
 * Reads `limit` and `cursor` of a list's query. A cursor holds for the list that gave it: the same route, parameters
 * and filters; for any other it is refused with 400.
 */
export const pageRequest = (
  route: string,
  params: unknown,
  query: { limit?: number; cursor?: string },
): PageRequest => {
  const { limit = 50, cursor, ...filters } = query
  const list = () => hash('sha256', JSON.stringify([route, params, filters]), 'base64url').slice(0, 12)
  return {
    limit,
    after: cursor === undefined ? null : keysOf(cursor, list()),
    cursor: (keys) => Buffer.from(JSON.stringify([list(), ...keys])).toString('base64url'),
  }
}

const keysOf = (cursor: string, list: string) => {
  try {
    const [of, ...keys] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (of === list && keys.length > 0 && keys.every((k) => typeof k === 'string' && !k.includes('\u0000')))
      return keys as string[]
  } catch {
    // Not one of ours: the same answer as for another list's.
  }
  throw staleCursor()
}

export const staleCursor = () =>
  invalid([{ path: 'cursor', message: 'is not a cursor of this list; start again without one' }])
