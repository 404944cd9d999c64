import { Json } from '@wealist/kit/json'
import { type Queryable, sql } from '@wealist/kit/sql'
import { columns, quoting } from './notifications.sql.ts'
import type { Stored } from './texts.ts'

export interface Event {
  source: string
  eventId: string
}

export const note = (tx: Queryable, { source, eventId }: Event) =>
  tx.run(sql`insert into withdrawn_events (source, event_id) values (${source}, ${eventId}) on conflict do nothing`)

/** At most `limit` people whose notifications, or the log of them, quote an event. */
export const readers = async (db: Queryable, { source, eventId }: Event, limit: number) => {
  const rows = await db.rows<{ id: string }>(sql`select recipient_id as id from receipts
    where source = ${source} and event_id = ${eventId} and notification_id is not null order by recipient_id limit ${limit}`)
  return rows.map((row) => row.id)
}

/** Gives each of those notifications as it now is; one that was deleted left nothing in the log. */
export const blank = async (tx: Queryable, { source, eventId }: Event, readerIds: readonly string[]) => {
  const rows = await tx.rows<{ recipientId: string; id: string; isRead: boolean; row: string }>(sql`
    with seen as (
      select recipient_id, notification_id from receipts where source = ${source} and event_id = ${eventId}
        and recipient_id = any(${readerIds}::uuid[]) and notification_id is not null order by recipient_id for update
    ), done as (
      update receipts r set notification_id = null from seen
      where r.source = ${source} and r.event_id = ${eventId} and r.recipient_id = seen.recipient_id
    ), made as (
      update notifications n set data = ${quoting(sql`n.data`, sql`n.event_id is distinct from ${eventId}`)}, version = version + 1
      from seen where n.id = seen.notification_id and n.recipient_id = seen.recipient_id returning n.*
    )
    select n.recipient_id as "recipientId", n.id, n.read_at is not null as "isRead", to_json(r)::text as row
    from made n cross join lateral (select ${columns}) r order by n.recipient_id`)
  return rows.map(({ row, ...rest }) => ({ ...rest, row: new Json<Stored>(row) }))
}
