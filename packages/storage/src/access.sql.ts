import { type Queryable, raw, sql } from '@wealist/kit/sql'

/** By what a drive is named. */
export type Via = 'folder' | 'file' | 'upload'
const tables = { folder: raw('folders'), file: raw('files'), upload: raw('uploads') }

export const workspaceOf = async (db: Queryable, via: Via, id: string) =>
  (
    await db.row<{ workspaceId: string }>(
      sql`select workspace_id as "workspaceId" from ${tables[via]} where id = ${id}`,
    )
  )?.workspaceId

/** Makes the drive of a workspace, and locks it: who changes it comes one after the other. Undefined for one that is deleted. */
export const lockDrive = async (tx: Queryable, { workspaceId, limit }: { workspaceId: string; limit: number }) => {
  // Two statements in one go, since the first does not see what it waited for.
  const [, drive] = await Promise.all([
    tx.run(
      sql`insert into drives (workspace_id, limit_bytes) values (${workspaceId}, ${limit}) on conflict do nothing`,
    ),
    tx.row(sql`select from drives where workspace_id = ${workspaceId} and deleted_at is null for no key update`),
  ])
  return drive
}
