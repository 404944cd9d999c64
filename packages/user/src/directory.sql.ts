import type { Output } from '@wealist/contract/route'
import type { internal } from '@wealist/contract/user'
import type { DirectoryEvent, Membership } from '@wealist/contract/user/internal'
import { type Queryable, sql } from '@wealist/kit/sql'

export const topic = 'directory'

/** The events after a seq with the head, from one snapshot. A payload is JSON text already. */
export const read = async (db: Queryable, { after, limit }: { after: number; limit: number }) => {
  const rows = await db.rows<{ head: number; seq: number | null; type: string; payload: string; timestamp: string }>(
    sql`select coalesce(h.head, 0) as head, e.seq, e.type, e.payload, to_json(e.at)#>>'{}' as timestamp
      from (select 1) one left join kit.heads h on h.topic = ${topic}
      left join lateral (select * from kit.events where topic = ${topic} and seq > ${after} order by seq limit ${limit}) e on true
      order by e.seq`,
  )
  const items = rows.flatMap(({ seq, type, payload, timestamp }) =>
    seq === null ? [] : [{ seq, type, payload: JSON.parse(payload) as unknown, timestamp } as DirectoryEvent],
  )
  return { items, head: rows[0]?.head ?? 0 }
}

export const membership = (db: Queryable, { workspaceId, userId }: { workspaceId: string; userId: string }) =>
  db.row<Membership>(sql`select m.role, w.membership_version as version
    from workspaces w left join members m on m.workspace_id = w.id and m.user_id = ${userId} and w.deleted_at is null where w.id = ${workspaceId}`)

/**
 * The members among some people, with the workspace's version; nothing for no such workspace. Each is looked up: asked for
 * all at once, those of a large workspace may be read from end to end.
 */
export const memberships = (
  db: Queryable,
  { workspaceId, userIds }: { workspaceId: string; userIds: readonly string[] },
) =>
  db.json<Output<typeof internal.memberships>>(sql`select membership_version as version,
      coalesce((select json_agg(json_build_object('userId', id, 'role', role)) from unnest(${userIds}::uuid[]) asked(id)
        cross join lateral (select role from members where workspace_id = ${workspaceId} and user_id = asked.id and deleted_at is null limit 1) m), '[]') as items
    from workspaces where id = ${workspaceId}`)

export const versionOf = async (db: Queryable, workspaceId: string) =>
  (
    await db.row<{ version: number }>(
      sql`select membership_version as version from workspaces where id = ${workspaceId}`,
    )
  )?.version
