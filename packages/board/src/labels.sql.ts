import type { Label, LabelChange, NewLabel } from '@wealist/contract/board/labels'
import { headOf, type Queryable, type Sql, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'

const columns = sql`l.id, l.project_id as "projectId", l.name, l.color, l.version,
  l.created_at as "createdAt", l.updated_at as "updatedAt"`

/** All labels of a project as a JSON list, of which there are few. */
export const all = (project: Sql) =>
  sql`coalesce((select json_agg(to_json(o) order by lower(o.name), o.id) from (select ${columns} from labels l where l.project_id = ${project}) o), '[]')`

export const list = (db: Queryable, { projectId, userId }: { projectId: string; userId: string }) =>
  db.scoped<Scope, { items: Label[]; nextCursor: null; seq: number }>({
    scope: scopeOf({ via: 'project', id: projectId, userId }),
    item: sql`select ${all(sql`scope.id`)} as items, null as "nextCursor",
      ${headOf(sql`'project:' || scope.id`)} as seq`,
  })

export const count = async (tx: Queryable, projectId: string) =>
  (await tx.row<{ n: number }>(sql`select count(*) as n from labels where project_id = ${projectId}`))!.n

/** Undefined where there is one of that name. */
export const insert = (tx: Queryable, l: NewLabel & { id: string; projectId: string }) =>
  tx.json<Label>(sql`insert into labels as l (id, project_id, name, color)
    values (${l.id}, ${l.projectId}, ${l.name}, ${l.color}) on conflict do nothing returning ${columns}`)

/** Undefined where it is gone or not at that version any more. */
export const update = (
  tx: Queryable,
  {
    id,
    projectId,
    change: c,
    version,
  }: { id: string; projectId: string; change: LabelChange; version: number | undefined },
) =>
  tx.json<Label>(sql`update labels l set name = coalesce(${c.name ?? null}, name), color = coalesce(${c.color ?? null}, color),
      version = version + 1, updated_at = now()
    where id = ${id} and project_id = ${projectId} and (${version ?? null}::int is null or version = ${version ?? null}) returning ${columns}`)

/** Keeps labels of a project from being deleted until the transaction ends; gives the ids of those that are there. */
export const hold = async (tx: Queryable, { projectId, ids }: { projectId: string; ids: readonly string[] }) =>
  (
    await tx.rows<{ id: string }>(
      sql`select id from labels where project_id = ${projectId} and id = any(${ids}::uuid[]) order by id for key share`,
    )
  ).map((l) => l.id)

/** False where it is gone. Whoever is giving it to a task has come before. */
export const remove = async (tx: Queryable, { id, projectId }: { id: string; projectId: string }) =>
  (await tx.run(sql`delete from labels where id = ${id} and project_id = ${projectId}`)) > 0

/** Takes a label from at most `limit` tasks that have it, in the trash too; gives how many. */
export const takeAway = (tx: Queryable, { id, projectId, limit }: { id: string; projectId: string; limit: number }) =>
  tx.run(sql`update tasks set label_ids = array_remove(label_ids, ${id}::uuid)
    where id = any(array(select id from tasks where project_id = ${projectId} and ${id}::uuid = any(label_ids)
      order by id limit ${limit} for no key update))`)
