import { type Queryable, sql } from '@wealist/kit/sql'

/** Which of these keys no row knows. */
export const unknown = async (db: Queryable, keys: readonly string[]) =>
  (
    await db.rows<{ key: string }>(sql`select key from unnest(${keys}::text[]) as k(key)
      where not exists (select from versions v where v.key = k.key) and not exists (select from versions v where v.thumbnail_key = k.key)
        and not exists (select from uploads u where u.key = k.key)`)
  ).map((r) => r.key)

/** The key up to which S3 was gone through; nothing where it is to be from the beginning. */
export const sweptTo = async (db: Queryable) => (await db.row<{ key: string }>(sql`select key from swept`))?.key ?? ''

export const sweepTo = (db: Queryable, key: string) =>
  db.run(sql`insert into swept (key) values (${key}) on conflict (one) do update set key = excluded.key`)

/** Marks the drive of a workspace as deleted, also where there was none yet. */
export const endDrive = (tx: Queryable, workspaceId: string) =>
  tx.run(sql`insert into drives (workspace_id, deleted_at) values (${workspaceId}, now())
    on conflict (workspace_id) do update set deleted_at = coalesce(drives.deleted_at, now())`)
