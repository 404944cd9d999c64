import { hash } from 'node:crypto'
import sql, { raw, type Sql } from 'sql-template-tag'
import { invalid } from './errors.ts'

/** What a list was asked for: how many, and the keys of the last row the caller has. */
export interface PageRequest {
  limit: number
  /** `limit + 1` in a statement: the one more tells whether another page follows. */
  rows: Sql
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
    rows: rowsOf(limit),
    after: cursor === undefined ? null : keysOf(cursor, list()),
    cursor: (keys) => Buffer.from(JSON.stringify([list(), ...keys])).toString('base64url'),
  }
}

// What the planner does not see it takes for a tenth of all rows: for a room with fewer messages than others it then plans
// anew with every call, which takes as long as the page. Only of limits that are common, since each is another statement.
const common = [50, 100]
const rowsOf = (limit: number) => (common.includes(limit) ? raw(String(limit + 1)) : sql`${limit + 1}`)

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
