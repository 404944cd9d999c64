import type { File } from '@wealist/contract/storage/files'
import type { Folder } from '@wealist/contract/storage/folders'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, sql } from '@wealist/kit/sql'
import { columns as fileColumns } from './files.sql.ts'
import { columns as folderColumns } from './folders.sql.ts'

interface Row {
  row: Folder | File
  part: number
  key: string
  id: string
}

/** Folders, then files of a living folder, by name; with the way to it. Nothing where it is gone. */
export const list = async (
  db: Queryable,
  { workspaceId, folderId, page }: { workspaceId: string; folderId: string | null; page: PageRequest },
) => {
  const under = folderId === null ? sql`is null` : sql`= ${folderId}`
  // A part at a time: a comparison that began with the part would read a folder from its beginning for each page.
  const from = (part: number) => {
    const [at, key, id] = page.after ?? []
    if (at === undefined || Number(at) < part) return empty
    return Number(at) > part ? sql`and false` : sql`and (f.name_key, f.id) > (${key} collate "C", ${id}::uuid)`
  }
  const limit = page.rows
  return db.row<{ breadcrumb: { id: string; name: string }[]; rows: Row[] }>(sql`select
    coalesce((with recursive up as (
        select id, parent_id, name, 1 as n from folders where id = ${folderId}
        union all select f.id, f.parent_id, f.name, n + 1 from folders f join up on f.id = up.parent_id where n < 100)
      select json_agg(json_build_object('id', id, 'name', name) order by n desc) from up), '[]') as breadcrumb,
    coalesce((select json_agg(to_json(e) order by e.part, e.key, e.id) from (
      select * from (
        (select (select to_json(o) from (select ${folderColumns}) o) as row, 0 as part, f.name_key as key, f.id from folders f
          where f.workspace_id = ${workspaceId} and f.parent_id ${under} and f.deleted_at is null ${from(0)}
          order by f.name_key, f.id limit ${limit})
        union all
        (select (select to_json(o) from (select ${fileColumns}) o) as row, 1 as part, f.name_key as key, f.id from files f
          where f.workspace_id = ${workspaceId} and f.folder_id ${under} and f.deleted_at is null ${from(1)}
          order by f.name_key, f.id limit ${limit})
      ) entries order by part, key, id limit ${limit}) e), '[]') as rows
    where ${folderId}::uuid is null or exists (select from folders where id = ${folderId} and deleted_at is null)`)
}
