import type { Share } from '@wealist/contract/storage/shares'
import { empty, type Queryable, raw, sql } from '@wealist/kit/sql'
import * as files from './files.sql.ts'

export type Thing = 'file' | 'folder'
const columnOf = { file: raw('file_id'), folder: raw('folder_id') }

const columns = sql`null as "shareLink", s.permission, s.password_hash is not null as "hasPassword", s.expires_at as "expiresAt",
  s.created_by as "createdBy", s.created_at as "createdAt"`

export interface NewRow {
  id: string
  workspaceId: string
  thing: Thing
  of: string
  tokenHash: string
  passwordHash: string | null
  permission: 'view' | 'download'
  expiresIn: number | undefined
  createdBy: string
}

/** Takes the place of the one before. */
export const put = async (tx: Queryable, s: NewRow) => {
  await tx.run(sql`delete from shares where ${columnOf[s.thing]} = ${s.of}`)
  return tx.json<Share>(sql`insert into shares as s (id, workspace_id, ${columnOf[s.thing]}, token_hash, password_hash, permission, expires_at, created_by)
    values (${s.id}, ${s.workspaceId}, ${s.of}, ${s.tokenHash}, ${s.passwordHash}, ${s.permission},
      now() + make_interval(secs => ${s.expiresIn ?? null}::float8), ${s.createdBy}) returning ${columns}`)
}

const living = sql`(s.expires_at is null or s.expires_at > now())`

export const get = (db: Queryable, { thing, of }: { thing: Thing; of: string }) =>
  db.json<Share>(sql`select ${columns} from shares s where ${columnOf[thing]} = ${of} and ${living}`)

export const remove = (tx: Queryable, { thing, of }: { thing: Thing; of: string }) =>
  tx.run(sql`delete from shares where ${columnOf[thing]} = ${of}`)

/** Those that a person made in a workspace, until a moment where one is told. */
export const removeOf = (
  tx: Queryable,
  { workspaceId, userId, until }: { workspaceId: string; userId: string; until?: string },
) =>
  tx.run(sql`delete from shares where workspace_id = ${workspaceId} and created_by = ${userId}
    ${until === undefined ? empty : sql`and created_at <= ${until}`}`)

export interface Found {
  id: string
  workspaceId: string
  fileId: string | null
  folderId: string | null
  name: string
  passwordHash: string | null
  permission: 'view' | 'download'
  expiresAt: string | null
}

/** The link of a token, while it and its workspace last and what it shares is not in the trash. */
export const byToken = (db: Queryable, tokenHash: string) =>
  db.row<Found>(sql`select s.id, s.workspace_id as "workspaceId", s.file_id as "fileId", s.folder_id as "folderId",
      coalesce(f.name, d.name) as name, s.password_hash as "passwordHash", s.permission, to_json(s.expires_at)#>>'{}' as "expiresAt"
    from shares s join drives w on w.workspace_id = s.workspace_id and w.deleted_at is null
    left join files f on f.id = s.file_id and ${files.living}
    left join folders d on d.id = s.folder_id and d.deleted_at is null
    where s.token_hash = ${tokenHash} and ${living} and coalesce(f.id, d.id) is not null`)

/** The folder of a living file; nothing for one that is gone. */
export const folderOf = (db: Queryable, fileId: string) =>
  db.row<{ folderId: string | null }>(
    sql`select folder_id as "folderId" from files f where id = ${fileId} and ${files.living}`,
  )

export const dropExpired = (db: Queryable, limit: number) =>
  db.run(sql`delete from shares where id = any(array(select id from shares where expires_at < now() limit ${limit}))`, {
    slow: true,
  })
