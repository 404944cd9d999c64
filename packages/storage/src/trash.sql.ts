import type { Trashed } from '@wealist/contract/storage/trash'
import type { PageRequest } from '@wealist/kit/page'
import { empty, join, type Queryable, raw, type Sql, sql } from '@wealist/kit/sql'
import { type Dropped, living } from './files.sql.ts'

const top = (workspaceId: string) => sql`workspace_id = ${workspaceId} and trashed_with = id`
// With its folder a file is gone for good, whatever its row says until it is dropped.
const folderIsGone = sql`exists (select from folders d where d.id = folder_id and d.deleted_at is not null and d.trashed_with is null offset 0)`
const topFile = (workspaceId: string) => sql`${top(workspaceId)} and not ${folderIsGone}`

export const list = (db: Queryable, { workspaceId, page }: { workspaceId: string; page: PageRequest }) => {
  const more = page.after ? sql`and (deleted_at, id) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : empty
  const last = sql`order by deleted_at desc, id desc limit ${page.rows}`
  const shown = sql`name, deleted_by as "deletedBy", deleted_at as "deletedAt"`
  return db.page<Trashed>(page, {
    items: sql`select * from (
        (select id, 'folder' as type, ${shown} from folders where ${top(workspaceId)} ${more} ${last})
        union all (select id, 'file' as type, ${shown} from files where ${topFile(workspaceId)} ${more} ${last})) entries
      order by "deletedAt" desc, id desc limit ${page.rows}`,
    keys: ['deletedAt', 'id'],
  })
}

// Said so that no index of living ones is one for it: before statistics tell otherwise, PostgreSQL may take such an index
// of the whole drive to be empty and go through it for each folder anew.
const isThere = sql`coalesce(f.deleted_at, '-infinity') = '-infinity'`

/** Puts a living folder into the trash with all folders in it; false where it is gone. Files follow by `trashInside`. */
export const putFolder = async (tx: Queryable, { id, by }: { id: string; by: string }) =>
  (await tx.run(sql`with recursive tree as (
      select id from folders where id = ${id} and deleted_at is null
      union all select f.id from folders f join tree on f.parent_id = tree.id where ${isThere})
    update folders set deleted_at = now(), deleted_by = ${by}, trashed_with = ${id}, version = version + 1
      where id = any(array(select id from tree))`)) > 0

export const putFile = async (tx: Queryable, { id, by }: { id: string; by: string }) =>
  (await tx.run(sql`update files f set deleted_at = now(), deleted_by = ${by}, trashed_with = id, version = version + 1
    where id = ${id} and ${living}`)) > 0

interface Inside {
  folderId: string
  limit: number
}

/** Takes at most `limit` files into the trash that are in what went there under this folder; how many. */
export const trashInside = (tx: Queryable, { folderId, limit }: Inside) =>
  tx.run(sql`update files set deleted_at = d.deleted_at, deleted_by = d.deleted_by, trashed_with = ${folderId}, version = files.version + 1
    from folders d where d.id = ${folderId} and files.id = any(array(
      select f.id from folders t cross join lateral (select id from files f where folder_id = t.id
        and ${isThere} offset 0) f where t.trashed_with = ${folderId} limit ${limit}))`)

/** Takes at most `limit` files out of the trash that went there with a folder, which hides them until it comes back; how many. */
export const restoreInside = (tx: Queryable, { folderId, limit }: Inside) =>
  tx.run(
    sql`update files set ${back} where id = any(array(select id from files where trashed_with = ${folderId} limit ${limit}))`,
  )

export const comeBack = (tx: Queryable, id: string) =>
  tx.run(sql`update folders set coming_back = true where id = ${id} and trashed_with = id`)

export const isLeaving = async (tx: Queryable, id: string) =>
  (await tx.row(sql`select from folders where id = ${id} and trashed_with = id and not coming_back`)) !== undefined

export interface Top {
  id: string
  type: 'folder' | 'file'
  workspaceId: string
  parentId: string | null
  name: string
  deletedBy: string
}

/** What was put into the trash by itself, under this id. */
export const get = (tx: Queryable, id: string) =>
  tx.row<Top>(sql`select id, 'folder' as type, workspace_id as "workspaceId", parent_id as "parentId", name, deleted_by as "deletedBy"
      from folders where id = ${id} and trashed_with = id
    union all select id, 'file', workspace_id, folder_id, name, deleted_by from files where id = ${id} and trashed_with = id and not ${folderIsGone}`)

/** How many folders deep the tree is that lies in the trash under this id. */
export const heightOf = async (tx: Queryable, id: string) =>
  (await tx.row<{ height: number }>(sql`with recursive tree as (
      select id, 1 as n from folders where id = ${id}
      union all select f.id, n + 1 from folders f join tree on f.parent_id = tree.id where f.trashed_with = ${id} and n < 100)
    select coalesce(max(n), 0) as height from tree`))!.height

const back = sql`deleted_at = null, deleted_by = null, trashed_with = null, version = version + 1, updated_at = now()`

/** Takes back what went with this id; the root to this place, under this name. Files in it are back by `restoreInside`. */
export const restore = async (
  tx: Queryable,
  { id, type, parentId, name, nameKey }: Pick<Top, 'id' | 'type' | 'parentId'> & { name: string; nameKey: string },
) => {
  const place = sql`name = ${name}, name_key = ${nameKey}`
  if (type === 'file')
    return tx.run(
      sql`update files set ${back}, folder_id = ${parentId}, ${place} where id = ${id} and trashed_with = id`,
    )
  return tx.run(sql`with below as (update folders set ${back} where trashed_with = ${id} and id <> ${id})
    update folders set ${back}, coming_back = false, parent_id = ${parentId}, ${place} where id = ${id} and trashed_with = id`)
}

/** Marks what lies in the trash under these ids, and all folders in it, as gone for good. What was taken back is not. */
export const condemn = (tx: Queryable, { workspaceId, ids }: { workspaceId: string; ids: readonly string[] }) => {
  const gone = sql`trashed_with = null, deleted_at = coalesce(deleted_at, now())`
  const named = sql`${top(workspaceId)} and id = any(${ids}::uuid[])`
  // As arrays, so that whatever the planner believes of the tree it looks each up by its index.
  return tx.run(sql`with recursive tree as (
      select id from folders where ${named}
      union select f.id from folders f join tree on f.parent_id = tree.id
    ), alone as (update files set ${gone} where ${named})
    update folders set ${gone} where id = any(array(select id from tree))`)
}

/** What was put into the trash longer than `days` ago, whatever the workspace; some at a time. */
export const old = (db: Queryable, { days, limit }: { days: number; limit: number }) => {
  const where = sql`trashed_with = id and deleted_at <= now() - make_interval(days => ${days})`
  return db.rows<{
    id: string
    workspaceId: string
  }>(sql`select id, workspace_id as "workspaceId" from folders where ${where}
    union all select id, workspace_id from files where ${where} limit ${limit}`)
}

/** What lies in the trash of a workspace since a time or longer, some at a time; `before` is that time, now unless told. */
export const lying = (
  tx: Queryable,
  { workspaceId, before, limit }: { workspaceId: string; before: string | undefined; limit: number },
) => {
  const where = sql`${top(workspaceId)} and deleted_at <= coalesce(${before ?? null}::timestamptz, now())`
  return tx.rows<{
    id: string
    before: string
  }>(sql`select id, coalesce(${before ?? null}, now()::text) as before from (
    select id from folders where ${where} union all select id from files where ${where} and not ${folderIsGone} limit ${limit}) t`)
}

/** What of a workspace is gone for good: what was condemned, and of a deleted one all. Apart, since each has its index. */
const condemned = (table: Sql, workspaceId: string) => {
  const ended = sql`exists (select from drives where workspace_id = ${workspaceId} and deleted_at is not null)`
  const of = (which: Sql) => sql`select id from ${table} where workspace_id = ${workspaceId} and ${which}`
  return join(
    [
      of(sql`deleted_at is not null and trashed_with is null`),
      of(sql`deleted_at is not null and trashed_with is not null and ${ended}`),
      of(sql`deleted_at is null and ${ended}`),
    ],
    ' union all ',
  )
}

const inGoneFolders = (workspaceId: string) => sql`select f.id from folders d
  cross join lateral (select id from files where folder_id = d.id offset 0) f
  where d.workspace_id = ${workspaceId} and d.deleted_at is not null and d.trashed_with is null`

/** Drops at most `limit` files that are gone for good; gives their versions. */
export const dropFiles = (tx: Queryable, { workspaceId, limit }: { workspaceId: string; limit: number }) =>
  tx.rows<Dropped & { fileId: string }>(sql`with gone as (
      delete from files where id = any(array(${condemned(raw('files'), workspaceId)} union all ${inGoneFolders(workspaceId)} limit ${limit})) returning id)
    select v.file_id as "fileId", v.key, v.thumbnail_key as "thumbnailKey", v.size::float8 as size, v.kind
    from versions v where v.file_id = any(array(select id from gone))`)

/** Drops folders that are gone for good and that nothing is in any more; how many. */
export const dropFolders = (tx: Queryable, { workspaceId, limit }: { workspaceId: string; limit: number }) =>
  tx.run(sql`delete from folders where id = any(array(select id from (${condemned(raw('folders'), workspaceId)}) f
    where not exists (select from folders c where c.parent_id = f.id) and not exists (select from files c where c.folder_id = f.id) limit ${limit}))`)
