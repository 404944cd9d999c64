import type { PendingUpload } from '@wealist/contract/storage/uploads'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, sql } from '@wealist/kit/sql'

export interface Upload {
  id: string
  workspaceId: string
  folderId: string | null
  name: string
  size: number
  mimeType: string
  sha256: string | null
  key: string
  multipartId: string | null
  fileId: string | null
}
const columns = sql`id, workspace_id as "workspaceId", folder_id as "folderId", name, size::float8 as size, mime_type as "mimeType",
  sha256, key, multipart_id as "multipartId", file_id as "fileId"`

export const insert = (tx: Queryable, u: Upload & { createdBy: string }) =>
  tx.run(sql`insert into uploads (id, workspace_id, folder_id, name, size, mime_type, sha256, key, multipart_id, created_by)
    values (${u.id}, ${u.workspaceId}, ${u.folderId}, ${u.name}, ${u.size}, ${u.mimeType}, ${u.sha256}, ${u.key}, ${u.multipartId}, ${u.createdBy})`)

const of = (by: string | undefined) => (by === undefined ? empty : sql`and created_by = ${by}`)

interface Listed {
  workspaceId: string
  by: string | undefined
  page: PageRequest
}

/** Those under way in a workspace, of one person where one is told, newest first. */
export const list = (db: Queryable, { workspaceId, by, page }: Listed) =>
  db.page<PendingUpload>(page, {
    items: sql`select id, case when multipart_id is null then 'form' else 'multipart' end as mode, folder_id as "folderId",
        name, size, created_by as "createdBy", created_at as "createdAt"
      from uploads where workspace_id = ${workspaceId} and file_id is null ${of(by)}
        ${page.after ? sql`and (created_at, id) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : empty}
      order by created_at desc, id desc limit ${page.rows}`,
    keys: ['createdAt', 'id'],
  })

/** An upload, of this person where one is told. */
export const find = (db: Queryable, { id, by }: { id: string; by: string | undefined }) =>
  db.row<Upload>(sql`select ${columns} from uploads where id = ${id} ${of(by)}`)

/** The same where nothing became of it yet, locked. */
export const lock = (tx: Queryable, id: string) =>
  tx.row<Upload>(sql`select ${columns} from uploads where id = ${id} and file_id is null for update`)

export const became = (tx: Queryable, { id, fileId }: { id: string; fileId: string }) =>
  tx.run(sql`update uploads set file_id = ${fileId} where id = ${id}`)

export const remove = (tx: Queryable, id: string) => tx.run(sql`delete from uploads where id = ${id}`)

/** Uploads that began longer than `hours` ago, some at a time. */
export const old = (db: Queryable, { hours, limit }: { hours: number; limit: number }) =>
  db.rows<Upload>(
    sql`select ${columns} from uploads where created_at < now() - make_interval(hours => ${hours}) order by created_at limit ${limit}`,
  )

/** Those by a form, or through the service, that began longer than `minutes` ago and of which nothing became. */
export const oldForms = (db: Queryable, { minutes, limit }: { minutes: number; limit: number }) =>
  db.rows<Upload>(sql`select ${columns} from uploads where file_id is null and multipart_id is null
    and created_at < now() - make_interval(mins => ${minutes}) order by created_at limit ${limit}`)

export const ofWorkspace = (db: Queryable, { workspaceId, limit }: { workspaceId: string; limit: number }) =>
  db.rows<Upload>(sql`select ${columns} from uploads where workspace_id = ${workspaceId} limit ${limit}`)
