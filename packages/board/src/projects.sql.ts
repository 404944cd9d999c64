import type {
  ListedProject,
  NewProject,
  Project,
  ProjectChange,
  ProjectDetail,
  ProjectRole,
} from '@wealist/contract/board/projects'
import type { PageRequest } from '@wealist/kit/page'
import { empty, headOf, type Queryable, sql } from '@wealist/kit/sql'
import { owned, type Scope, scopeOf } from './access.sql.ts'
import { columns as boardColumns } from './boards.sql.ts'
import * as customFields from './custom-fields.sql.ts'
import * as labels from './labels.sql.ts'

const columns = sql`p.id, p.workspace_id as "workspaceId", p.name, p.description, p.visibility, p.start_date as "startDate",
  p.due_date as "dueDate", p.created_by as "createdBy", p.version, p.created_at as "createdAt", p.updated_at as "updatedAt"`

/** What the actor sees in a workspace that they are in; `orphans`: also what nobody owns, as its owner. */
export const list = (
  db: Queryable,
  { workspaceId, userId, orphans, page }: { workspaceId: string; userId: string; orphans: boolean; page: PageRequest },
) =>
  db.page<ListedProject>(page, {
    items: sql`select ${columns}, ${orphans ? sql`case when ${owned} then coalesce(m.role, 'viewer') else 'owner' end` : sql`coalesce(m.role, 'viewer')`} as "myRole" from projects p
      left join project_members m on m.project_id = p.id and m.user_id = ${userId}
      where p.workspace_id = ${workspaceId} and p.deleted_at is null and (p.visibility = 'workspace' or m.role is not null ${orphans ? sql`or not ${owned}` : empty})
        ${page.after ? sql`and (p.created_at, p.id) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : empty}
      order by p.created_at desc, p.id desc limit ${page.rows}`,
    keys: ['createdAt', 'id'],
  })

export const detail = (db: Queryable, { id, userId, as }: { id: string; userId: string; as?: ProjectRole }) =>
  db.scoped<Scope, ProjectDetail>({
    scope: scopeOf({ via: 'project', id, userId }),
    item: sql`select ${columns}, coalesce(${as ?? null}, scope.role, 'viewer') as "myRole",
        coalesce((select json_agg(to_json(o) order by o.rank, o.id) from (select ${boardColumns} from boards b where b.project_id = p.id) o), '[]') as boards,
        ${labels.all(sql`p.id`)} as labels, ${customFields.all(sql`p.id`)} as fields,
        ${headOf(sql`'project:' || p.id`)} as seq
      from projects p where p.id = scope.id`,
  })

export const insert = (tx: Queryable, p: NewProject & { id: string; createdBy: string }) =>
  tx.run(sql`with made as (
      insert into projects (id, workspace_id, name, description, visibility, start_date, due_date, created_by)
      values (${p.id}, ${p.workspaceId}, ${p.name}, ${p.description}, ${p.visibility}, ${p.startDate}, ${p.dueDate}, ${p.createdBy})
      returning id)
    insert into project_members (project_id, user_id, role) select id, ${p.createdBy}, 'owner' from made`)

/** Undefined where it is not at that version any more. */
export const update = (
  tx: Queryable,
  { id, change: c, version }: { id: string; change: ProjectChange; version: number | undefined },
) =>
  tx.json<Project>(sql`update projects p set name = coalesce(${c.name ?? null}, name),
      description = coalesce(${c.description ?? null}, description), visibility = coalesce(${c.visibility ?? null}, visibility),
      start_date = case when ${c.startDate !== undefined} then ${c.startDate ?? null}::date else start_date end,
      due_date = case when ${c.dueDate !== undefined} then ${c.dueDate ?? null}::date else due_date end,
      version = version + 1, updated_at = now()
    where id = ${id} and deleted_at is null and (${version ?? null}::int is null or version = ${version ?? null}) returning ${columns}`)

/**
 * Marks projects as deleted and takes everybody out; gives those that were alive. Members first: whoever is changing one
 * of them holds their member row, and comes before its last event.
 */
export const remove = async (tx: Queryable, ids: readonly string[]) => {
  await tx.run(sql`delete from project_members where project_id = any(${ids}::uuid[])`)
  const removed = await tx.rows<{ id: string }>(
    sql`update projects set deleted_at = now(), version = version + 1 where id = any(${ids}::uuid[]) and deleted_at is null returning id`,
  )
  return removed.map((p) => p.id)
}

/** The living projects of a workspace, some at a time, in the order of an index: the others of them are not sorted. */
export const idsOf = async (tx: Queryable, { workspaceId, limit }: { workspaceId: string; limit: number }) =>
  (
    await tx.rows<{ id: string }>(
      sql`select id from projects where workspace_id = ${workspaceId} and deleted_at is null
        order by created_at desc, id desc limit ${limit}`,
    )
  ).map((p) => p.id)

/** Keeps a living project from being deleted until the transaction ends; false where it is gone. */
export const hold = async (tx: Queryable, id: string) =>
  (await tx.row(sql`select id from projects where id = ${id} and deleted_at is null for share`)) !== undefined

/** Makes those who change who owns a project wait for each other; undefined where it is gone. */
export const lock = (tx: Queryable, id: string) =>
  tx.row(sql`select id from projects where id = ${id} and deleted_at is null for no key update`)
