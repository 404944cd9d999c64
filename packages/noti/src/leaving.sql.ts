import { empty, type Queryable, sql } from '@wealist/kit/sql'

export const noteWorkspace = (tx: Queryable, id: string) =>
  tx.run(sql`insert into deleted_workspaces (id) values (${id}) on conflict do nothing`)

export const forgetPreferences = (tx: Queryable, userId: string) =>
  tx.run(sql`delete from preferences where user_id = ${userId}`)

/** At most `limit` people who have notifications of a workspace. */
export const readers = async (db: Queryable, workspaceId: string, limit: number) => {
  const rows = await db.rows<{ id: string }>(
    sql`select distinct recipient_id as id from notifications where workspace_id = ${workspaceId} limit ${limit}`,
  )
  return rows.map((row) => row.id)
}

/** Takes a person's notifications away, of one workspace or all; gives their ids. */
export const removeOf = async (
  tx: Queryable,
  { userId, workspaceId }: { userId: string; workspaceId?: string | undefined },
) => {
  const rows = await tx.rows<{ id: string }>(sql`delete from notifications where recipient_id = ${userId}
    ${workspaceId ? sql`and workspace_id = ${workspaceId}` : empty} returning id`)
  return rows.map((row) => row.id)
}
