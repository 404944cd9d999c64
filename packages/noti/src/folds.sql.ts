import type { Standing } from '@wealist/contract/noti/internal'
import { Json } from '@wealist/kit/json'
import { type Queryable, sql } from '@wealist/kit/sql'
import { columns } from './notifications.sql.ts'
import type { Stored } from './texts.ts'

/** False where what is known of it is as new. */
export const forward = async (tx: Queryable, { source, fold, recipientId, seq }: Standing) =>
  (await tx.run(sql`insert into folds (recipient_id, source, fold_key, seq) values (${recipientId}, ${source}, ${fold}, ${seq})
    on conflict (recipient_id, source, fold_key) do update set seq = excluded.seq, at = now() where folds.seq < excluded.seq`)) >
  0

/** The notification as it then is; undefined where none is unread, or it says so already. */
export const setCount = async (tx: Queryable, { source, fold, recipientId, count }: Standing) => {
  const row = await tx.row<{ id: string; row: string }>(sql`with made as (
      update notifications set version = version + 1,
        ${count === 0 ? sql`read_at = clock_timestamp()` : sql`count = ${count}`}
      where recipient_id = ${recipientId} and source = ${source} and fold_key = ${fold} and read_at is null
        and count <> ${count} returning *
    ) select n.id, to_json(r)::text as row from made n cross join lateral (select ${columns}) r`)
  return row && { id: row.id, row: new Json<Stored>(row.row) }
}
