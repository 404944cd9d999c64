import { type Queryable, sql } from '@wealist/kit/sql'
import * as users from './users.sql.ts'

export interface Upload {
  /** Where the form writes to. */
  key: string
  /** Where the checked copy will lie. */
  avatarKey: string
  contentType: string
}

/** Locks a person, so that nobody else begins uploads for them, and counts those under way; undefined where they are gone. */
export const pending = async (tx: Queryable, userId: string) => {
  const [person, counted] = await Promise.all([
    users.lock(tx, userId),
    tx.row<{ n: number }>(sql`select count(*)::int as n from avatar_uploads where user_id = ${userId}`),
  ])
  return person && counted!.n
}

export const issue = (tx: Queryable, { key, avatarKey, userId, contentType }: Upload & { userId: string }) =>
  tx.run(sql`insert into avatar_uploads (key, avatar_key, user_id, content_type)
    values (${key}, ${avatarKey}, ${userId}, ${contentType})`)

/** A key that was issued to this person and is not used up. */
export const issued = (db: Queryable, { key, userId }: { key: string; userId: string }) =>
  db.row<Upload>(sql`select key, avatar_key as "avatarKey", content_type as "contentType"
    from avatar_uploads where key = ${key} and user_id = ${userId}`)

/** Takes a key back, and gives where its copy lies; nothing where it was used or ran out. */
export const spend = async (tx: Queryable, key: string) =>
  (
    await tx.row<{ avatarKey: string }>(
      sql`delete from avatar_uploads where key = ${key} returning avatar_key as "avatarKey"`,
    )
  )?.avatarKey

/** Sets an avatar, or none, and gives the key of the one before; nothing where the person is not there any more. */
export const replace = (tx: Queryable, { userId, key }: { userId: string; key: string | null }) =>
  tx.row<{
    before: string | null
  }>(sql`update users set avatar_key = ${key}, version = users.version + 1, updated_at = now()
      from (select id, avatar_key from users where id = ${userId} and deleted_at is null for update) was
      where users.id = was.id returning was.avatar_key as before`)
