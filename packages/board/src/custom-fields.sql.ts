import type { Field, FieldOption, FieldType } from '@wealist/contract/board/custom-fields'
import { headOf, type Queryable, type Sql, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'

const columns = sql`f.id, f.project_id as "projectId", f.name, f.type, f.options, f.rank, f.version,
  f.created_at as "createdAt", f.updated_at as "updatedAt"`

/** All fields of a project as a JSON list, of which there are few. */
export const all = (project: Sql) =>
  sql`coalesce((select json_agg(to_json(o) order by o.rank, o.id) from (select ${columns} from fields f where f.project_id = ${project}) o), '[]')`

export const list = (db: Queryable, { projectId, userId }: { projectId: string; userId: string }) =>
  db.scoped<Scope, { items: Field[]; nextCursor: null; seq: number }>({
    scope: scopeOf({ via: 'project', id: projectId, userId }),
    item: sql`select ${all(sql`scope.id`)} as items, null as "nextCursor",
      ${headOf(sql`'project:' || scope.id`)} as seq`,
  })

/** Keeps fields of a project as they are until the transaction ends. */
export const hold = (tx: Queryable, { projectId, ids }: { projectId: string; ids: readonly string[] }) =>
  tx.rows<Pick<Field, 'id' | 'type' | 'options'>>(sql`select id, type, options from fields
    where project_id = ${projectId} and id = any(${ids}::uuid[]) order by id for share`)

/** Locks all fields of a project, so that nobody else changes them or their order, and gives them in it. */
export const lockAll = async (tx: Queryable, projectId: string) => {
  const [, fields] = await Promise.all([
    tx.run(sql`select from fields where project_id = ${projectId} order by id for update`),
    tx.rows<Pick<Field, 'id' | 'type' | 'options' | 'rank' | 'version'>>(
      sql`select id, type, options, rank, version from fields where project_id = ${projectId} order by rank, id`,
    ),
  ])
  return fields
}

export const insert = (
  tx: Queryable,
  f: { id: string; projectId: string; name: string; type: FieldType; options: readonly FieldOption[]; rank: string },
) =>
  tx.json<Field>(sql`insert into fields as f (id, project_id, name, type, options, rank)
    values (${f.id}, ${f.projectId}, ${f.name}, ${f.type}, ${JSON.stringify(f.options)}::jsonb, ${f.rank}) returning ${columns}`)

export const update = (
  tx: Queryable,
  {
    id,
    name,
    options,
    rank,
  }: { id: string; name?: string | undefined; options?: readonly FieldOption[] | undefined; rank?: string | undefined },
) =>
  tx.json<Field>(sql`update fields f set name = coalesce(${name ?? null}, name),
      options = coalesce(${options ? JSON.stringify(options) : null}::jsonb, options), rank = coalesce(${rank ?? null}, rank),
      version = version + 1, updated_at = now() where id = ${id} returning ${columns}`)

/** How many tasks, in the trash too, have one of these options. */
export const used = async (
  tx: Queryable,
  { id, projectId, options }: { id: string; projectId: string; options: readonly string[] },
) =>
  (await tx.row<{ n: number }>(
    sql`select count(*) as n from tasks where project_id = ${projectId} and fields ->> ${id} = any(${options}::text[])`,
  ))!.n

export const remove = (tx: Queryable, id: string) => tx.run(sql`delete from fields where id = ${id}`)

/** Takes a field's value from at most `limit` tasks that have one, in the trash too; gives how many. */
export const takeAway = (tx: Queryable, { id, projectId, limit }: { id: string; projectId: string; limit: number }) =>
  tx.run(sql`update tasks set fields = fields - ${id}::text
    where id = any(array(select id from tasks where project_id = ${projectId} and fields ? ${id}
      order by id limit ${limit} for no key update))`)
