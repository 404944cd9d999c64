import type { Folder } from '@wealist/contract/storage/folders'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, sql } from '@wealist/kit/sql'

/** A folder as answers show it, from `folders f`. */
export const columns = sql`f.id, f.workspace_id as "workspaceId", f.parent_id as "parentId", f.name, f.created_by as "createdBy",
  f.version, f.created_at as "createdAt", f.updated_at as "updatedAt"`

const under = (parentId: string | null) => (parentId === null ? sql`is null` : sql`= ${parentId}`)

export const list = (
  db: Queryable,
  { workspaceId, parentId, page }: { workspaceId: string; parentId: string | null; page: PageRequest },
) =>
  db.page<Folder>(page, {
    items: sql`select to_json(o) as item, f.name_key, f.id from folders f cross join lateral (select ${columns}) o
      where f.workspace_id = ${workspaceId} and f.parent_id ${under(parentId)} and f.deleted_at is null
      ${page.after ? sql`and (f.name_key, f.id) > (${page.after[0]} collate "C", ${page.after[1]}::uuid)` : empty}
      order by f.name_key, f.id limit ${page.rows}`,
    keys: ['name_key', 'id'],
    item: 'item',
  })

export const get = (db: Queryable, id: string) =>
  db.json<Folder>(sql`select ${columns} from folders f where f.id = ${id} and f.deleted_at is null`)

/** A folder of a workspace that is not in the trash. */
export const living = (tx: Queryable, { id, workspaceId }: { id: string; workspaceId: string }) =>
  tx.row<{ id: string; parentId: string | null; name: string; version: number }>(
    sql`select id, parent_id as "parentId", name, version from folders where id = ${id} and workspace_id = ${workspaceId} and deleted_at is null`,
  )

/** From a folder up to the top, itself first; 20 at most, so it ends. */
export const upFrom = async (tx: Queryable, id: string) =>
  (
    await tx.rows<{ id: string }>(sql`with recursive up as (
        select id, parent_id, 1 as n from folders where id = ${id}
        union all select f.id, f.parent_id, n + 1 from folders f join up on f.id = up.parent_id where n < 100)
      select id from up order by n`)
  ).map((f) => f.id)

/** How many folders deep a tree of living ones is, its root counted. */
export const heightOf = async (tx: Queryable, id: string) =>
  (await tx.row<{ height: number }>(sql`with recursive tree as (
      select id, 1 as n from folders where id = ${id}
      union all select f.id, n + 1 from folders f join tree on f.parent_id = tree.id where f.deleted_at is null and n < 100)
    select max(n) as height from tree`))!.height

/** The same of folders as of files. */
export const taken = async (
  tx: Queryable,
  { workspaceId, parentId, keys }: { workspaceId: string; parentId: string | null; keys: readonly string[] },
) =>
  (
    await tx.rows<{ key: string }>(sql`select key from unnest(${keys}::text[]) key where exists (select from folders
      where workspace_id = ${workspaceId} and parent_id ${under(parentId)} and name_key = key and deleted_at is null offset 0)`)
  ).map((r) => r.key)

export const insert = (
  tx: Queryable,
  f: { id: string; workspaceId: string; parentId: string | null; name: string; nameKey: string; createdBy: string },
) =>
  tx.json<Folder>(sql`insert into folders as f (id, workspace_id, parent_id, name, name_key, created_by)
    values (${f.id}, ${f.workspaceId}, ${f.parentId}, ${f.name}, ${f.nameKey}, ${f.createdBy}) returning ${columns}`)

export const update = (tx: Queryable, f: { id: string; parentId: string | null; name: string; nameKey: string }) =>
  tx.json<Folder>(sql`update folders f set parent_id = ${f.parentId}, name = ${f.name}, name_key = ${f.nameKey},
    version = version + 1, updated_at = now() where id = ${f.id} returning ${columns}`)
