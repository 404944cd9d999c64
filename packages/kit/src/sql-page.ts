import sql, { join, raw, type Sql } from 'sql-template-tag'
import { type PageRequest, staleCursor } from './page.ts'
import { sqlState } from './sql-errors.ts'

/**
 * What a page lists: `items` selects at most `limit + 1` rows in order, `keys` names the columns that order them, none of
 * them null. `item` names the column that holds the item as JSON where keys are no part of it.
 */
export interface Listed {
  items: Sql
  keys: readonly string[]
  item?: string
  /** It searches, and may take long: it has a connection alone. */
  slow?: boolean
}

// PostgreSQL writes no line break after a comma in the JSON of a row, nor do we in what a `json` column holds: this is
// only ever between two.
const between = ',\n'
const sqlBetween = raw(String.raw`E',\n'`)

/**
 * One row for a whole page, however many it has: the `items` as they go to the wire in the order of their select, how
 * many they are, `n`, and their `keys` beside them where the items do not hold them.
 */
export const listed = ({ items, keys, item }: Listed) =>
  sql`select string_agg(${item ? column(item) : raw('to_json(r)::text')}, ${sqlBetween}) as items, count(*)::text as n,
      ${item ? sql`string_agg(json_build_object(${join(keys.flatMap(named))})::text, ${sqlBetween})` : raw('null')} as keys
    from (${items}) r`
const column = (name: string) => raw(`r."${name}"::text`)
const named = (key: string) => [raw(`'${key}'`), raw(`r."${key}"`)]

/** What that row says. */
interface Lines {
  items: string | null | undefined
  n: string | null | undefined
  keys: string | null | undefined
}

/** `items` and `nextCursor` of the answer, as JSON text without its braces. */
export const pageText = ({ limit, cursor }: PageRequest, { keys: names }: Listed, { items, n, keys }: Lines) => {
  if (!items || Number(n) <= limit) return `"items":[${items ?? ''}],"nextCursor":null`
  const shown = withoutLast(items)
  const last = JSON.parse(lastOf(keys ? withoutLast(keys) : shown)) as Record<string, unknown>
  return `"items":[${shown}],"nextCursor":"${cursor(names.map((name) => String(last[name])))}"`
}

const withoutLast = (lines: string) => lines.slice(0, Math.max(0, lines.lastIndexOf(between)))
const lastOf = (lines: string) => lines.slice(lines.lastIndexOf(between) + 1)

/** 400 for a cursor somebody made up: it can hold text that PostgreSQL cannot read as the column's type (class 22). */
export const forged = <T>(page: PageRequest, rows: Promise<T>) =>
  page.after ? rows.catch((e: unknown) => Promise.reject(sqlState(e)?.startsWith('22') ? staleCursor() : e)) : rows
