import type { TaskFilter, TaskOrder } from '@wealist/contract/board/search'
import type { Task } from '@wealist/contract/board/tasks'
import type { PageRequest } from '@wealist/kit/page'
import { contains, empty, join, type Queryable, raw, type Sql, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'
import { columns } from './tasks.sql.ts'

/** What is looked for, with the actor in the place of `me`. */
export interface Search {
  projectId: string
  userId: string
  filter: Omit<TaskFilter, 'assigneeId'> & { assigneeId?: string | null | undefined }
  order: TaskOrder
  descending: boolean
}

interface Key {
  by: Sql
  type: string
}
const time = (by: Sql): Key => ({ by, type: 'timestamptz' })

const keysOf = ({ order, descending }: Search): Key[] =>
  ({
    created: [time(sql`t.created_at`)],
    updated: [time(sql`t.updated_at`)],
    due: [time(sql`coalesce(t.due_date, ${raw(descending ? "'-infinity'" : "'infinity'")}::timestamptz)`)],
    priority: [{ by: sql`array_position(array['low', 'medium', 'high', 'urgent'], t.priority)`, type: 'int' }],
    title: [{ by: sql`lower(t.title)`, type: 'text' }],
    board: [
      { by: sql`b.rank`, type: 'text collate "C"' },
      { by: sql`t.rank`, type: 'text collate "C"' },
    ],
  })[order].concat({ by: sql`t.id`, type: 'uuid' })

// Only what an index serves changes the text, so that statements stay few and prepared.
const fits = ({ projectId, filter: f }: Search) => {
  const is = (column: Sql, value: string | null | undefined, type: Sql, operator = sql`=`) =>
    sql`and (${value ?? null}::${type} is null or ${column} ${operator} ${value ?? null}::${type})`
  return sql`t.project_id = ${projectId} and t.deleted_at is null
    ${f.q === undefined ? empty : sql`and ${contains("t.title || E'\\n' || t.description", f.q)}`}
    ${is(sql`t.assignee_id`, f.assigneeId, sql`uuid`)} and (not ${f.assigneeId === null}::bool or t.assignee_id is null)
    ${is(sql`t.status`, f.status, sql`text`)} ${is(sql`t.priority`, f.priority, sql`text`)}
    ${is(sql`t.board_id`, f.boardId, sql`uuid`)} and t.label_ids @> ${f.labelId ?? []}::uuid[]
    ${is(sql`t.due_date`, f.dueBefore, sql`timestamptz`, sql`<`)} ${is(sql`t.due_date`, f.dueAfter, sql`timestamptz`, sql`>=`)}
    and not exists (select from jsonb_each_text(${JSON.stringify(f.field ?? {})}::jsonb) w
      where t.fields ->> w.key is distinct from w.value)`
}

/** The statement of the tasks after those keys, with `show` and the keys `k0`, `k1` … of each. */
export const found = (
  search: Search,
  { show, after, limit }: { show: Sql; after: readonly string[] | null; limit: number },
) => {
  const keys = keysOf(search)
  const direction = raw(search.descending ? 'desc' : 'asc')
  const past = raw(search.descending ? '<' : '>')
  const given = keys.map(({ type }, i) => sql`${after?.[i] ?? null}::${raw(type)}`)
  const called = names(search).map((name) => raw(name))
  const ordered = join(called.map((name) => sql`${name} ${direction}`))
  // What is shown is made of the rows of the page: beside the order PostgreSQL may make it of every task that fits.
  return sql`select ${show}, ${join(called)} from (
      select t.*, ${join(keys.map(({ by }, i) => sql`${by} as ${called[i]!}`))}
      from tasks t ${search.order === 'board' ? sql`join boards b on b.id = t.board_id` : empty}
      where ${fits(search)} ${after ? sql`and (${join(keys.map((k) => k.by))}) ${past} (${join(given)})` : empty}
      order by ${ordered} limit ${limit}) t
    order by ${ordered}`
}

const names = (search: Search) => keysOf(search).map((_, i) => `k${i}`)
const scopeFor = ({ projectId, userId }: Search) => scopeOf({ via: 'project', id: projectId, userId })

export const list = (db: Queryable, { search, page }: { search: Search; page: PageRequest }) =>
  db.livePage<Scope, Task>(page, {
    scope: scopeFor(search),
    topic: sql`'project:' || scope.id`,
    items: found(search, {
      show: sql`(select to_json(o) from (select ${columns}) o) as item`,
      after: page.after,
      limit: page.limit + 1,
    }),
    keys: names(search),
    item: 'item',
    slow: true,
  })

/** A task as a line of a file shows it. */
export type ExportedTask = Task & { board: string; labels: string[] }

/** Some lines of a file with what the right rests on, and the keys of the last; no scope where there is no such project. */
export const lines = async (
  db: Queryable,
  { search, after, limit }: { search: Search; after: readonly string[] | null; limit: number },
) => {
  const show = sql`(select to_json(o) from (select ${columns}, (select name from boards where id = t.board_id) as board,
    array(select name from labels where id = any(t.label_ids) order by lower(name)) as labels) o) as item`
  const keys = join(names(search).map((name) => raw(`r.${name}::text`)))
  const rows = await db.rows<{ scope: Scope; item: ExportedTask | null; keys: string[] }>(
    sql`select to_json(scope) as scope, r.item, array[${keys}] as keys from (${scopeFor(search)}) scope
      left join lateral (${found(search, { show, after, limit })}) r on true`,
    { slow: true },
  )
  return {
    scope: rows[0]?.scope,
    tasks: rows.flatMap((row) => row.item ?? []),
    last: rows.length === limit ? rows.at(-1)!.keys : null,
  }
}

/** The custom fields of a project in order, for the columns of a file. */
export const fieldsOf = (db: Queryable, projectId: string) =>
  db.rows<{ id: string; name: string; options: { id: string; name: string }[] }>(
    sql`select id, name, options from fields where project_id = ${projectId} order by rank, id`,
  )
