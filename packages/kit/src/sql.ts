import type pg from 'pg'
import sql, { empty, join, raw, type Sql } from 'sql-template-tag'
import { Json } from './json.ts'
import type { PageRequest } from './page.ts'
import { forged, type Listed, listed, pageText } from './sql-page.ts'
import type { Statement } from './statement.ts'

export { empty, join, raw, sql, type Sql }

/** The pattern by which `like` finds what has this text in it, as it is: no letter of it is a wildcard. */
export const containing = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`

/** The seq of the last event of a topic, 0 where nothing has happened: what an answer of that moment carries. */
export const headOf = (topic: Sql) => sql`coalesce((select head from kit.heads where topic = ${topic}), 0)`

/**
 * That an expression, one with a trigram index, has this text in it. Without three letters in a row there may be no trigram,
 * and the index would be read from end to end, of all tenants: another expression than its own keeps the planner from that.
 */
export const contains = (expression: string, text: string) =>
  sql`(${raw(expression + (/[\p{L}\p{N}]{3}/u.test(text) ? '' : " || ''"))}) ilike ${containing(text)}`

interface LiveScope {
  scope: Sql
  topic: Sql
}

/** What statements run on: the pool, or a transaction. */
export interface Queryable {
  /** Rows as objects, named as the statement aliases them. `slow` as for `run`. */
  rows<T extends object>(statement: Sql, options?: { slow?: boolean }): Promise<T[]>
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

// A statement text is prepared once a connection under a short name. Texts are few; of a service that made ever new ones
// the later are not prepared.
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
  // What is slow is planned anew for its values, each time: the plan that PostgreSQL keeps for any values, after five,
  // would be kept for as long as the connection lives.
  const prepared = ({ text, values }: Sql, alone?: boolean) => ({
    ...{ text, values, alone },
    name: alone ? undefined : nameOf(text),
  })
  const objects = <T>(q: Sql, alone?: boolean) => send<T>(prepared(q, alone))
  const texts = async (q: Sql, alone?: boolean) =>
    (await send<(string | null)[]>({ ...prepared(q, alone), asText: true })).rows
  return {
    rows: async <T extends object>(q: Sql, { slow }: { slow?: boolean } = {}) => (await objects<T>(q, slow)).rows,
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
