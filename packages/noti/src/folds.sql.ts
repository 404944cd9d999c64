import type { Standing } from '@wealist/contract/noti/internal'
import { Json } from '@wealist/kit/json'
import { type Queryable, type Sql, sql } from '@wealist/kit/sql'
import { columns } from './notifications.sql.ts'
import type { Stored } from './texts.ts'

/** False where what is known of the number is as new. Comes after the topic is held. */
export const forward = async (tx: Queryable, { source, fold, recipientId, seq, readSeq }: Standing) => {
  const row = await tx.row<{ isNewer: boolean }>(sql`
    with known as (select from folds where recipient_id = ${recipientId} and source = ${source} and fold_key = ${fold} and seq >= ${seq})
    insert into folds as f (recipient_id, source, fold_key, seq, read_seq) values (${recipientId}, ${source}, ${fold}, ${seq}, ${readSeq})
    on conflict (recipient_id, source, fold_key) do update
      set seq = greatest(f.seq, excluded.seq), read_seq = greatest(f.read_seq, excluded.read_seq), at = now()
    returning not exists (select from known) as "isNewer"`)
  return row!.isNewer
}

/** The notification as it then is; none where none is unread, or it says so already. */
export const setCount = (tx: Queryable, { source, fold, recipientId, count }: Standing) =>
  changed(
    tx,
    sql`update notifications set version = version + 1,
        ${count === 0 ? sql`read_at = clock_timestamp()` : sql`count = ${count}`}
      where recipient_id = ${recipientId} and source = ${source} and fold_key = ${fold} and read_at is null
        and count <> ${count} returning *`,
  )

/** What stands in it by itself, up to where they have read, is read; at most `limit`, the oldest first. */
export const readWithin = (tx: Queryable, { source, fold, recipientId, readSeq }: Standing, limit: number) =>
  changed(
    tx,
    sql`update notifications set read_at = clock_timestamp(), version = version + 1 where id = any(array(
        select id from notifications where recipient_id = ${recipientId} and source = ${source} and within_fold = ${fold}
          and within_seq <= ${readSeq} and read_at is null order by within_seq limit ${limit})) returning *`,
  )

const changed = async (tx: Queryable, update: Sql) => {
  const rows = await tx.rows<{ id: string; row: string }>(sql`with made as (${update})
    select n.id, to_json(r)::text as row from made n cross join lateral (select ${columns}) r order by n.within_seq`)
  return rows.map(({ id, row }) => ({ id, row: new Json<Stored>(row) }))
}
