import { type Queryable, sql } from '@wealist/kit/sql'

/** An image that has no small picture yet and is not too large for one. */
export const waiting = (db: Queryable, { key, mostBytes }: { key: string; mostBytes: number }) =>
  db.row<{ key: string }>(sql`select key from versions
    where key = ${key} and kind = 'image' and mime_type <> 'image/svg+xml' and thumbnail_key is null and size <= ${mostBytes}`)
