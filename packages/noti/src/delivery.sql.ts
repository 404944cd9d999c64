import type { Item } from '@wealist/contract/noti/internal'
import type { Preferences } from '@wealist/contract/noti/preferences'
import { Json } from '@wealist/kit/json'
import { type Queryable, sql } from '@wealist/kit/sql'
import { columns, quoting } from './notifications.sql.ts'
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
  /** What it stands for then, where the source counts. */
  total: { count: number; seq: number } | undefined
}

/**
 * Stores it for those who were not told of the event before, or folds it into what they have not read yet; where the
 * source counts, only for whom that is the newest of it, and never for who has read past it. Comes after their topics
 * are held: what is unread stays so.
 */
export const insert = async (tx: Queryable, item: Item, wanted: readonly Wanted[]) => {
  const { eventId, source, type, actorId, workspaceId, data, fold = null } = item
  const within = item.type === 'mention' ? item.within : undefined
  const isCounted = wanted.some((w) => w.total)
  const rows = await tx.rows<{ recipientId: string; id: string; row: string }>(sql`
    with wanted as (
      select coalesce(n.id, w.id) as id, recipient_id, w.silent, w.count, w.seq
      from unnest(${wanted.map((w) => w.id)}::uuid[], ${wanted.map((w) => w.recipientId)}::uuid[],
        ${wanted.map((w) => w.silent)}::boolean[], ${wanted.map((w) => w.total?.count ?? 1)}::int[],
        ${wanted.map((w) => w.total?.seq ?? null)}::bigint[]) as w(id, recipient_id, silent, count, seq)
      left join lateral (select id from notifications n where n.recipient_id = w.recipient_id and source = ${source}
        and fold_key = ${fold}::text and read_at is null) n on true
    ), words as (
      select ${quoting(sql`given.data`, sql`w.excerpt`)} as data, w.version
      from (select ${JSON.stringify(data)}::json as data) given left join lateral (
        select coalesce(excerpt, '') as excerpt, coalesce(version, 0) as version
        from withdrawn_events where source = ${source} and event_id = ${eventId}) w on true
    ), told as (
      insert into receipts (source, event_id, recipient_id, notification_id, words_version)
      select ${source}, ${eventId}, recipient_id, id, coalesce(words.version, 0)
      from wanted cross join words order by recipient_id on conflict do nothing returning recipient_id
    ), newest as (
      ${isCounted ? forward({ source, fold }) : within ? ahead({ source, ...within }) : sql`select recipient_id from told`}
    ), made as (
      insert into notifications as was (id, recipient_id, source, type, actor_id, workspace_id, data, fold_key, silent, count, event_id, within_fold, within_seq)
      select wanted.id, recipient_id, ${source}, ${type}, ${actorId}::uuid, ${workspaceId}::uuid, words.data, ${fold}::text, silent, count, ${eventId},
        ${within?.fold ?? null}::text, ${within?.seq ?? null}::bigint
      from wanted join newest using (recipient_id) cross join words order by recipient_id
      on conflict (recipient_id, source, fold_key) where fold_key is not null and read_at is null do update
        set type = excluded.type, actor_id = excluded.actor_id, workspace_id = excluded.workspace_id, data = excluded.data,
          silent = excluded.silent, event_id = excluded.event_id, count = ${isCounted ? sql`excluded.count` : sql`was.count + 1`},
          version = was.version + 1, created_at = excluded.created_at
      returning *
    )
    select n.recipient_id as "recipientId", n.id, to_json(r)::text as row
    from made n cross join lateral (select ${columns}) r order by n.recipient_id`)
  return rows.map(({ row, ...rest }) => ({ ...rest, row: new Json<Stored>(row) }))
}

// Of those who were told now, the ones for whom nothing newer of the fold is known. As new may be: a number alone was put right.
const forward = ({ source, fold }: { source: string; fold: string | null }) =>
  sql`insert into folds (recipient_id, source, fold_key, seq)
    select recipient_id, ${source}, ${fold}::text, seq from wanted join told using (recipient_id) order by recipient_id
    on conflict (recipient_id, source, fold_key) do update set seq = excluded.seq, at = now() where folds.seq <= excluded.seq
    returning recipient_id`

// Of those who were told now, the ones who have not read so far.
const ahead = ({ source, fold, seq }: { source: string; fold: string; seq: number }) =>
  sql`select recipient_id from told where not exists (
    select from folds f where f.recipient_id = told.recipient_id and source = ${source} and fold_key = ${fold} and read_seq >= ${seq})`
