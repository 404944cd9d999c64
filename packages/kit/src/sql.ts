import pg from 'pg'
import sql, { empty, join, raw, type Sql } from 'sql-template-tag'
import { unavailable } from './errors.ts'
import { Json } from './json.ts'
import { staleCursor, type PageRequest } from './page.ts'
import type { Statement } from './statement.ts'

export { empty, join, raw, sql, type Sql }

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
interface LiveScope {
  scope: Sql
  topic: Sql
}

/** What statements run on: the pool, or a transaction. */
export interface Queryable {
  /** Rows as objects, named as the statement aliases them. */
  rows<T extends object>(statement: Sql): Promise<T[]>
  /** The first row, or undefined. */
  row<T extends object>(statement: Sql): Promise<T | undefined>
  /** How many rows a statement changed. `slow`: it sweeps, and may take long: it has a connection alone. */
  run(statement: Sql, options?: { slow?: boolean }): Promise<number>
  /** The first row of a select or of an `insert|update|delete … returning`, as JSON text. */
  json<T>(statement: Sql): Promise<Json<T> | undefined>
  /**
   * One thing and what the right to it rests on, in one statement: `scope` selects at most one row, `item` may use it.
   * Both are undefined where there was no scope; `item` alone where there is a scope and no such thing.
   */
  scoped<S extends object, T>(of: {
    scope: Sql
    item: Sql
  }): Promise<{ scope: S | undefined; item: Json<T> | undefined }>
  /**
   * A page of a list: `{ items, nextCursor }`.
   */
  page<T>(page: PageRequest, list: Listed): Promise<Json<{ items: T[]; nextCursor: string | null }>>
  /**
   * A page of a live topic, in one statement: `scope` selects at most one row (what the right rests on), `topic` is an
   * expression over it (`'project:' || scope.id`), `items` may use `scope`. `{ items, nextCursor, seq }`; scope is
   * undefined where there was no row.
   */
  livePage<S extends object, T>(
    page: PageRequest,
    list: Listed & LiveScope,
  ): Promise<{ scope: S | undefined; page: Json<{ items: T[]; nextCursor: string | null; seq: number }> }>
}

/** Seen by metrics and by the tests that count statements or have them explained. */
export type Observe = (statement: Pick<Statement, 'text' | 'values'>, ms: number) => void

export type Send = <R>(statement: Statement) => Promise<pg.QueryResult & { rows: R[] }>

// A statement text is prepared once a connection under a short name. Texts are few; a service that made ever new ones
// would lose the names of the oldest only.
const names = new Map<string, string>()
const nameOf = (text: string) => {
  let name = names.get(text)
  if (name === undefined) {
    if (names.size >= 1000) return undefined
    names.set(text, (name = `s${names.size}`))
  }
  return name
}

/** The statements of `Queryable` over one way to send them. */
export const queryable = (send: Send): Queryable => {
  const objects = <T>({ text, values }: Sql, alone?: boolean) => send<T>({ text, values, name: nameOf(text), alone })
  const texts = async ({ text, values }: Sql, alone?: boolean) =>
    (await send<(string | null)[]>({ text, values, name: nameOf(text), asText: true, alone })).rows
  return {
    rows: async <T extends object>(q: Sql) => (await objects<T>(q)).rows,
    row: async <T extends object>(q: Sql) => (await objects<T>(q)).rows[0],
    run: async (q, { slow } = {}) => (await objects(q, slow)).rowCount ?? 0,
    json: async <T>(q: Sql) => {
      const [row] = await texts(sql`with r as (${q}) select to_json(r)::text from r`)
      return row ? new Json<T>(row[0]!) : undefined
    },
    scoped: async <S extends object, T>({ scope, item }: { scope: Sql; item: Sql }) => {
      const [row] = await texts(
        sql`select to_json(scope)::text, to_json(r)::text from (${scope}) scope left join lateral (${item}) r on true limit 1`,
      )
      return { scope: row && (JSON.parse(row[0]!) as S), item: row?.[1] ? new Json<T>(row[1]) : undefined }
    },
    page: async <T>(page: PageRequest, list: Listed) => {
      const [row] = await forged(page, texts(sql`select l.items, l.n, l.keys from (${listed(list)}) l`, list.slow))
      const [items, n, keys] = row!
      return new Json<{ items: T[]; nextCursor: string | null }>(`{${pageText(page, list, { items, n, keys })}}`)
    },
    livePage: async <S extends object, T>(page: PageRequest, { scope, topic, ...list }: Listed & LiveScope) => {
      const [row] = await forged(
        page,
        texts(
          sql`select to_json(scope)::text, coalesce(h.head, 0)::text, l.items, l.n, l.keys from (${scope}) scope
          left join kit.heads h on h.topic = ${topic} left join lateral (${listed(list)}) l on true`,
          list.slow,
        ),
      )
      const [found, seq = '0', items, n, keys] = row ?? []
      return {
        scope: found ? (JSON.parse(found) as S) : undefined,
        page: new Json<{ items: T[]; nextCursor: string | null; seq: number }>(
          `{${pageText(page, list, { items, n, keys })},"seq":${seq}}`,
        ),
      }
    },
  }
}

// PostgreSQL writes no line break after a comma in the JSON of a row, nor do we in what a `json` column holds: this is
// only ever between two.
const between = ',\n'
const sqlBetween = raw(String.raw`E',\n'`)

// One row for a whole page, however many it has: the items as they go to the wire in the order of their select, and the
// keys beside them where the items do not hold them.
const listed = ({ items, keys, item }: Listed) =>
  sql`select string_agg(${item ? column(item) : raw('to_json(r)::text')}, ${sqlBetween}) as items, count(*)::text as n,
      ${item ? sql`string_agg(json_build_object(${join(keys.flatMap(named))})::text, ${sqlBetween})` : raw('null')} as keys
    from (${items}) r`
const column = (name: string) => raw(`r."${name}"::text`)
const named = (key: string) => [raw(`'${key}'`), raw(`r."${key}"`)]

interface Lines {
  items: string | null | undefined
  n: string | null | undefined
  keys: string | null | undefined
}

const pageText = ({ limit, cursor }: PageRequest, { keys: names }: Listed, { items, n, keys }: Lines) => {
  if (!items || Number(n) <= limit) return `"items":[${items ?? ''}],"nextCursor":null`
  const shown = withoutLast(items)
  const last = JSON.parse(lastOf(keys ? withoutLast(keys) : shown)) as Record<string, unknown>
  return `"items":[${shown}],"nextCursor":"${cursor(names.map((name) => String(last[name])))}"`
}

const withoutLast = (lines: string) => lines.slice(0, Math.max(0, lines.lastIndexOf(between)))
const lastOf = (lines: string) => lines.slice(lines.lastIndexOf(between) + 1)

// A cursor somebody made up can hold text that PostgreSQL cannot read as the column's type (class 22).
const forged = <T>(page: PageRequest, rows: Promise<T>) =>
  page.after ? rows.catch((e: unknown) => Promise.reject(sqlState(e)?.startsWith('22') ? staleCursor() : e)) : rows

/** The SQLSTATE of an error of PostgreSQL, or undefined. */
export const sqlState = (error: unknown) => (error instanceof pg.DatabaseError ? error.code : undefined)

/** The name of the constraint that an error of PostgreSQL speaks of. */
export const constraintOf = (error: unknown) => (error instanceof pg.DatabaseError ? error.constraint : undefined)

// 08 connection, 53 resources, 57 shutdown or a statement that took too long, 25P03 and 25P04 a transaction that did,
// 26000 one behind another that was to prepare it and failed, 55P03, 40P01 and 40001 rows that stayed busy however often
// it was tried: later it works, and nothing was stored.
const away = (error: unknown) => {
  const state = sqlState(error)
  if (state) return /^(26000|08|53|57|25P0[34]|55P03|40P01|40001)/.test(state)
  const { code, message } = error as { code?: string; message?: string }
  return (
    (code !== undefined && /^(ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|ENOENT)/.test(code)) ||
    /connection|timeout exceeded when trying/i.test(message ?? '')
  )
}

/** Turns "PostgreSQL is away" into the contract's 503 and leaves every other error as it is. */
export const asUnavailable = (error: unknown): unknown =>
  error instanceof Error && error.name !== 'Problem' && away(error)
    ? Object.assign(unavailable('The database is busy or away for a moment.'), { cause: error })
    : error
