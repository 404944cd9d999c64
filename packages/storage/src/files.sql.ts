import type { File, FileKind, FileVersion } from '@wealist/contract/storage/files'
import type { PageRequest } from '@wealist/kit/page'
import { contains, empty, type Queryable, sql } from '@wealist/kit/sql'

/** A file as answers show it, from `files f`. */
export const columns = sql`f.id, f.workspace_id as "workspaceId", f.folder_id as "folderId", f.name, f.size, f.mime_type as "mimeType",
  f.kind, f.current_version as "currentVersion", f.has_thumbnail as "hasThumbnail", f.created_by as "createdBy", f.version,
  f.created_at as "createdAt", f.updated_at as "updatedAt"`

/**
 * What of `files f` can be seen. A folder goes into the trash at once and its files after it, where they are many: so one
 * whose folder is there lives no more. With `offset` each folder is looked up: all of them may be read otherwise.
 */
export const living = sql`f.deleted_at is null and (f.folder_id is null
  or exists (select from folders d where d.id = f.folder_id and d.deleted_at is null offset 0))`

export interface Filter {
  workspaceId: string
  folderId?: string | undefined
  q?: string | undefined
  type?: FileKind | undefined
}

// A file is of its folder's workspace. Asked for by the folder alone they come from its index in their order, where
// PostgreSQL would take the one of names for both and sort the whole folder; a text has an index by workspace.
const within = ({ workspaceId, folderId, q }: Filter) =>
  folderId !== undefined && q === undefined
    ? sql`f.folder_id = (select id from folders where id = ${folderId} and workspace_id = ${workspaceId})`
    : sql`f.workspace_id = ${workspaceId} ${folderId === undefined ? empty : sql`and f.folder_id = ${folderId}`}`

export const list = (db: Queryable, { page, ...filter }: Filter & { page: PageRequest }) => {
  const { q, type } = filter
  return db.page<File>(page, {
    items: sql`select ${columns} from files f where ${within(filter)} and ${living}
      ${q === undefined ? empty : sql`and ${contains('f.name', q)}`}
      ${type === undefined ? empty : sql`and f.kind = ${type}`}
      ${page.after ? sql`and (f.created_at, f.id) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : empty}
      order by f.created_at desc, f.id desc limit ${page.rows}`,
    keys: ['createdAt', 'id'],
    slow: q !== undefined,
  })
}

export const get = (db: Queryable, id: string) =>
  db.json<File>(sql`select ${columns} from files f where f.id = ${id} and ${living}`)

export const find = (tx: Queryable, { id, workspaceId }: { id: string; workspaceId: string }) =>
  tx.row<{ id: string; folderId: string | null; name: string; version: number; currentVersion: number }>(
    sql`select id, folder_id as "folderId", name, version, current_version as "currentVersion" from files f
      where id = ${id} and workspace_id = ${workspaceId} and ${living}`,
  )

const under = (folderId: string | null) => (folderId === null ? sql`is null` : sql`= ${folderId}`)

/** The living file of a name in a folder. */
export const named = (
  tx: Queryable,
  { workspaceId, folderId, nameKey }: { workspaceId: string; folderId: string | null; nameKey: string },
) =>
  tx.row<{ id: string; currentVersion: number }>(
    sql`select id, current_version as "currentVersion" from files where workspace_id = ${workspaceId}
      and folder_id ${under(folderId)} and name_key = ${nameKey} and deleted_at is null`,
  )

/** Which of these name keys are taken in a folder. With `offset` each is looked up: a large folder may be read otherwise. */
export const taken = async (
  tx: Queryable,
  { workspaceId, parentId, keys }: { workspaceId: string; parentId: string | null; keys: readonly string[] },
) =>
  (
    await tx.rows<{ key: string }>(sql`select key from unnest(${keys}::text[]) key where exists (select from files
      where workspace_id = ${workspaceId} and folder_id ${under(parentId)} and name_key = key and deleted_at is null offset 0)`)
  ).map((r) => r.key)

export interface Content {
  size: number
  mimeType: string
  kind: FileKind
}

export const insert = (
  tx: Queryable,
  f: Content & {
    id: string
    workspaceId: string
    folderId: string | null
    name: string
    nameKey: string
    createdBy: string
  },
) =>
  tx.run(sql`insert into files (id, workspace_id, folder_id, name, name_key, size, mime_type, kind, created_by, current_version)
    values (${f.id}, ${f.workspaceId}, ${f.folderId}, ${f.name}, ${f.nameKey}, ${f.size}, ${f.mimeType}, ${f.kind}, ${f.createdBy}, 0)`)

export const place = (tx: Queryable, f: { id: string; folderId: string | null; name: string; nameKey: string }) =>
  tx.json<File>(sql`update files f set folder_id = ${f.folderId}, name = ${f.name}, name_key = ${f.nameKey},
    version = version + 1, updated_at = now() where id = ${f.id} returning ${columns}`)

/** Makes this the newest version of a file. */
export const setCurrent = (tx: Queryable, { id, number, ...c }: Content & { id: string; number: number }) =>
  tx.json<File>(sql`update files f set current_version = ${number}, size = ${c.size}, mime_type = ${c.mimeType}, kind = ${c.kind},
      has_thumbnail = exists (select from versions v where v.file_id = f.id and v.number = ${number} and v.thumbnail_key is not null),
      version = version + 1, updated_at = now() where id = ${id} returning ${columns}`)

export interface NewVersion extends Content {
  fileId: string
  number: number
  key: string
  createdBy: string
}

export const insertVersion = (tx: Queryable, v: NewVersion) =>
  tx.run(sql`insert into versions (file_id, number, key, size, mime_type, kind, created_by)
    values (${v.fileId}, ${v.number}, ${v.key}, ${v.size}, ${v.mimeType}, ${v.kind}, ${v.createdBy})`)

/** After all that there ever were of a file, or are left. */
export const nextNumber = async (tx: Queryable, fileId: string) =>
  (await tx.row<{ n: number }>(sql`select coalesce(max(number), 0) + 1 as n from versions where file_id = ${fileId}`))!
    .n

export const versions = (db: Queryable, fileId: string) =>
  db.json<{
    items: FileVersion[]
    nextCursor: null
  }>(sql`select coalesce((select json_agg(to_json(v) order by v.number desc) from (
      select number, size, mime_type as "mimeType", created_by as "createdBy", created_at as "createdAt"
      from versions where file_id = f.id) v), '[]') as items, null as "nextCursor"
    from files f where f.id = ${fileId} and ${living}`)

export interface StoredVersion extends Content {
  number: number
  key: string
  thumbnailKey: string | null
  name: string
}

/** A version of a living file, the newest unless told. */
export const version = (db: Queryable, { fileId, number }: { fileId: string; number: number | undefined }) =>
  db.row<StoredVersion>(sql`select v.number, v.key, v.thumbnail_key as "thumbnailKey", v.size::float8 as size, v.mime_type as "mimeType", v.kind, f.name
    from files f join versions v on v.file_id = f.id and v.number = ${number === undefined ? sql`f.current_version` : sql`${number}`}
    where f.id = ${fileId} and ${living}`)

/** Drops the versions of a file but the newest `keep`; gives what is to go from S3 and from the sum. */
export const dropOldVersions = (tx: Queryable, { fileId, keep }: { fileId: string; keep: number }) =>
  tx.rows<Dropped>(sql`delete from versions where file_id = ${fileId} and number <= (
      select number from versions where file_id = ${fileId} order by number desc offset ${keep} limit 1)
    returning key, thumbnail_key as "thumbnailKey", size::float8 as size, kind`)

/** A version that is gone: its objects, and how much it counted. */
export interface Dropped {
  key: string
  thumbnailKey: string | null
  size: number
  kind: FileKind
}

export const setThumbnail = (tx: Queryable, { key, thumbnailKey }: { key: string; thumbnailKey: string }) =>
  tx.run(sql`with v as (update versions set thumbnail_key = ${thumbnailKey} where key = ${key} and thumbnail_key is null returning file_id, number),
      f as (update files set has_thumbnail = true from v where files.id = v.file_id and files.current_version = v.number)
    select from v`)
