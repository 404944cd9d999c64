import type { Withdrawn } from '@wealist/contract/noti/internal'
import { Json } from '@wealist/kit/json'
import { type Queryable, sql } from '@wealist/kit/sql'
import { columns, quoting } from './notifications.sql.ts'
import type { Stored } from './texts.ts'

export type Event = Pick<Withdrawn, 'source' | 'eventId'>

/** False where as much is known already: of words that stand instead the newest count, and nothing comes after none. */
export const note = async (tx: Queryable, { source, eventId, instead }: Withdrawn) =>
  (await tx.run(sql`insert into withdrawn_events as w (source, event_id, version, excerpt)
    values (${source}, ${eventId}, ${instead?.version ?? null}, ${instead?.excerpt ?? null})
    on conflict (source, event_id) do update set version = excluded.version, excerpt = excluded.excerpt, at = now()
      where w.version < coalesce(excluded.version, w.version + 1)`)) > 0

// The receipts of notifications that quote other words than they should, or whose log does.
const outdated = ({ source, eventId }: Event) => sql`receipts r join withdrawn_events w using (source, event_id)
  where r.source = ${source} and r.event_id = ${eventId} and r.notification_id is not null
    and (w.version is null or r.words_version < w.version)`

/** At most `limit` people who have such notifications. */
export const readers = async (db: Queryable, event: Event, limit: number) => {
  const rows = await db.rows<{ id: string }>(
    sql`select r.recipient_id as id from ${outdated(event)} order by r.recipient_id limit ${limit}`,
  )
  return rows.map((row) => row.id)
}

/** Gives each of those notifications as it now is; one that was deleted left nothing in the log. */
export const reword = async (tx: Queryable, event: Event, readerIds: readonly string[]) => {
  const { source, eventId } = event
  const rows = await tx.rows<{ recipientId: string; id: string; isRead: boolean; row: string }>(sql`
    with seen as (
      select r.recipient_id, r.notification_id, w.version, coalesce(w.excerpt, '') as excerpt from ${outdated(event)}
        and r.recipient_id = any(${readerIds}::uuid[]) order by r.recipient_id for update of r
    ), done as (
      update receipts r set words_version = coalesce(seen.version, r.words_version),
        notification_id = case when seen.version is not null then r.notification_id end
      from seen where r.source = ${source} and r.event_id = ${eventId} and r.recipient_id = seen.recipient_id
    ), made as (
      update notifications n set version = n.version + 1,
        data = ${quoting(sql`n.data`, sql`case when n.event_id = ${eventId} then seen.excerpt end`)}
      from seen where n.id = seen.notification_id and n.recipient_id = seen.recipient_id returning n.*
    )
    select n.recipient_id as "recipientId", n.id, n.read_at is not null as "isRead", to_json(r)::text as row
    from made n cross join lateral (select ${columns}) r order by n.recipient_id`)
  return rows.map(({ row, ...rest }) => ({ ...rest, row: new Json<Stored>(row) }))
}
