import type { Item } from '@wealist/contract/noti/internal'
import type { Preferences } from '@wealist/contract/noti/preferences'
import { Json } from '@wealist/kit/json'
import { type Queryable, sql } from '@wealist/kit/sql'
import { columns } from './notifications.sql.ts'
import type { Stored } from './texts.ts'

/** Those people with their preferences, as far as they have any; nobody where the workspace is deleted. */
export const audience = (
  db: Queryable,
  { recipients, workspaceId }: { recipients: readonly string[]; workspaceId: string },
) =>
  db.rows<{ userId: string; preferences: Preferences | null }>(sql`
    select u.id as "userId", to_json(p) as preferences from unnest(${recipients}::uuid[]) as u(id)
    left join lateral (select timezone, quiet_hours as "quietHours", in_app as "inApp", workspaces
      from preferences where user_id = u.id) p on true
    where not exists (select from deleted_workspaces where id = ${workspaceId})`)

export interface Wanted {
  /** The notification's, where it becomes one of its own. */
  id: string
  recipientId: string
  silent: boolean
}

/** Stores it for those who were not told of the event before, or folds it into what they have not read yet. */
export const insert = async (tx: Queryable, item: Item, wanted: readonly Wanted[]) => {
  const { eventId, source, type, actorId, workspaceId, data, fold = null } = item
  const rows = await tx.rows<{ recipientId: string; id: string; row: string }>(sql`
    with wanted as (
      select * from unnest(${wanted.map((w) => w.id)}::uuid[], ${wanted.map((w) => w.recipientId)}::uuid[],
        ${wanted.map((w) => w.silent)}::boolean[]) as w(id, recipient_id, silent)
    ), told as (
      insert into receipts (source, event_id, recipient_id) select ${source}, ${eventId}, recipient_id from wanted
      order by recipient_id on conflict do nothing returning recipient_id
    ), made as (
      insert into notifications as was (id, recipient_id, source, type, actor_id, workspace_id, data, fold_key, silent)
      select id, recipient_id, ${source}, ${type}, ${actorId}::uuid, ${workspaceId}::uuid, ${JSON.stringify(data)}::json, ${fold}::text, silent
      from wanted join told using (recipient_id) order by recipient_id
      on conflict (recipient_id, source, fold_key) where fold_key is not null and read_at is null do update
        set type = excluded.type, actor_id = excluded.actor_id, workspace_id = excluded.workspace_id, data = excluded.data,
          silent = excluded.silent, count = was.count + 1, version = was.version + 1, created_at = excluded.created_at
      returning *
    )
    select n.recipient_id as "recipientId", n.id, to_json(r)::text as row
    from made n cross join lateral (select ${columns}) r order by n.recipient_id`)
  return rows.map(({ row, ...rest }) => ({ ...rest, row: new Json<Stored>(row) }))
}
