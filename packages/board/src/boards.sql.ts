import type { Board, BoardChange } from '@wealist/contract/board/boards'
import { headOf, type Queryable, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'

export const columns = sql`b.id, b.project_id as "projectId", b.name, b.color, b.rank, b.version,
  b.created_at as "createdAt", b.updated_at as "updatedAt"`

/** All boards of a project, of which there are few, with the seq they are at. */
export const list = (db: Queryable, { projectId, userId }: { projectId: string; userId: string }) =>
  db.scoped<Scope, { items: Board[]; nextCursor: null; seq: number }>({
    scope: scopeOf({ via: 'project', id: projectId, userId }),
    item: sql`select coalesce((select json_agg(to_json(o) order by o.rank, o.id) from (select ${columns} from boards b where b.project_id = scope.id) o), '[]') as items,
      null as "nextCursor", ${headOf(sql`'project:' || scope.id`)} as seq`,
  })

export const get = (db: Queryable, { id, userId }: { id: string; userId: string }) =>
  db.scoped<Scope, Board>({
    scope: scopeOf({ via: 'board', id, userId }),
    item: sql`select ${columns} from boards b where b.id = ${id}`,
  })

/**
 * Locks all boards of a project, so that nobody else changes their order, and gives them in it. Two statements in one go:
 * the one that waits for the locks does not see the boards that were made meanwhile.
 */
export const lockAll = async (tx: Queryable, projectId: string) => {
  const [, boards] = await Promise.all([
    tx.run(sql`select from boards where project_id = ${projectId} order by id for no key update`),
    tx.rows<{ id: string; rank: string; movingTo: string | null }>(
      sql`select id, rank, moving_to as "movingTo" from boards where project_id = ${projectId} order by rank, id`,
    ),
  ])
  return boards
}

/** Locks one board of a project, so that nobody else places a task in it. */
export const lock = (tx: Queryable, { id, projectId }: { id: string; projectId: string }) =>
  tx.row<{ movingTo: string | null }>(
    sql`select moving_to as "movingTo" from boards where id = ${id} and project_id = ${projectId} for no key update`,
  )

export interface NewRow {
  id: string
  name: string
  color: string
  rank: string
}

export const insertAll = (tx: Queryable, { projectId, boards }: { projectId: string; boards: NewRow[] }) =>
  tx.run(sql`insert into boards (id, project_id, name, color, rank) select id, ${projectId}, name, color, rank
    from unnest(${boards.map((b) => b.id)}::uuid[], ${boards.map((b) => b.name)}::text[], ${boards.map((b) => b.color)}::text[],
      ${boards.map((b) => b.rank)}::text[]) as t(id, name, color, rank)`)

export const insert = (tx: Queryable, b: NewRow & { projectId: string }) =>
  tx.json<Board>(sql`insert into boards as b (id, project_id, name, color, rank)
    values (${b.id}, ${b.projectId}, ${b.name}, ${b.color}, ${b.rank}) returning ${columns}`)

/** Undefined where it is gone or not at that version any more. */
export const update = (
  tx: Queryable,
  { id, change: c, version }: { id: string; change: BoardChange; version: number | undefined },
) =>
  tx.json<Board>(sql`update boards b set name = coalesce(${c.name ?? null}, name), color = coalesce(${c.color ?? null}, color),
      version = version + 1, updated_at = now()
    where id = ${id} and (${version ?? null}::int is null or version = ${version ?? null}) returning ${columns}`)

export const place = (tx: Queryable, { id, rank }: { id: string; rank: string }) =>
  tx.json<Board>(sql`update boards b set rank = ${rank}, updated_at = now() where id = ${id} returning ${columns}`)

/** Says where the tasks of a board that goes follow to. */
export const moveOn = (tx: Queryable, { id, to }: { id: string; to: string }) =>
  tx.run(sql`update boards set moving_to = ${to} where id = ${id}`)

export const remove = (tx: Queryable, id: string) => tx.run(sql`delete from boards where id = ${id}`)
