import type { Unread } from '@wealist/contract/noti/notifications'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, type Sql, sql } from '@wealist/kit/sql'
import type { Stored } from './texts.ts'

export const columns = sql`n.id, n.type, n.actor_id as "actorId", n.workspace_id as "workspaceId", n.data, n.count, n.silent,
  n.read_at is not null as "isRead", n.read_at as "readAt", n.created_at as "createdAt", n.version`

/** Data of a notification, with `excerpt` as the beginning of what somebody wrote; as it is where that is null. */
export const quoting = (data: Sql, excerpt: Sql) =>
  sql`case when ${data}->'excerpt' is null or ${excerpt} is null then ${data}
    else (${data}::jsonb || jsonb_build_object('excerpt', ${excerpt}))::json end`

interface Mine {
  id: string
  userId: string
}

interface Listed {
  userId: string
  unreadOnly: boolean
  workspaceId: string | undefined
  page: PageRequest
}

export const list = async (db: Queryable, { userId, unreadOnly, workspaceId, page }: Listed) => {
  const { page: listed } = await db.livePage<object, Stored>(page, {
    scope: sql`select ${userId}::text as id`,
    topic: sql`'user:' || scope.id`,
    items: sql`select ${columns} from notifications n where n.recipient_id = ${userId}
      ${unreadOnly ? sql`and n.read_at is null` : empty}
      ${workspaceId ? sql`and n.workspace_id = ${workspaceId}` : empty}
      ${page.after ? sql`and (n.created_at, n.id) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : empty}
      order by n.created_at desc, n.id desc limit ${page.rows}`,
    keys: ['createdAt', 'id'],
  })
  return listed.parse()
}

export const get = (db: Queryable, { id, userId }: Mine) =>
  db.json<Stored>(sql`select ${columns} from notifications n where n.id = ${id} and n.recipient_id = ${userId}`)

/** Of each of those people, in their order: number and seq of one moment. */
export const unread = async (db: Queryable, userIds: readonly string[]): Promise<Unread[]> =>
  db.rows<Unread>(sql`select coalesce(n.count, 0) as count, coalesce(h.head, 0) as seq
    from unnest(${userIds}::uuid[]) with ordinality as u(id, nth)
    left join kit.heads h on h.topic = 'user:' || u.id
    cross join lateral (select count(*) from notifications where recipient_id = u.id and read_at is null) n
    order by u.nth`)

/** Undefined where there is none, or it was read before. */
export const markRead = (tx: Queryable, { id, userId }: Mine) =>
  tx.json<Stored>(sql`update notifications n set read_at = clock_timestamp(), version = version + 1
    where id = ${id} and recipient_id = ${userId} and read_at is null returning ${columns}`)

export const markAllRead = async (
  tx: Queryable,
  { userId, workspaceId }: { userId: string; workspaceId: string | undefined },
) => {
  const row = await tx.row<{
    count: number
    readAt: string
  }>(sql`with t as (select clock_timestamp()::timestamptz(3) as at), n as (
      update notifications set read_at = t.at, version = version + 1 from t
      where recipient_id = ${userId} and read_at is null ${workspaceId ? sql`and workspace_id = ${workspaceId}` : empty} returning 1
    ) select (select count(*) from n) as count, to_json(t.at)#>>'{}' as "readAt" from t`)
  return row!
}

export const remove = (tx: Queryable, { id, userId }: Mine) =>
  tx.run(sql`delete from notifications where id = ${id} and recipient_id = ${userId}`)
