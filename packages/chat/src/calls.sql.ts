import type { Call } from '@wealist/contract/chat/calls'
import { headOf, type Queryable, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'
import type { Place } from './places.ts'

/** A call as answers and events show it, from `calls c`: everybody once, however many devices they have in it. */
const columns = sql`c.id, c.room_id as "chatId", c.started_by as "startedBy", c.started_at as "startedAt",
  coalesce((select json_agg(json_build_object('userId', d.user_id, 'joinedAt', d.joined_at) order by d.joined_at, d.user_id) from (
    select user_id, min(joined_at) as joined_at from call_devices where call_id = c.id and left_at is null group by user_id) d), '[]') as people`

export const get = (db: Queryable, { roomId, userId }: { roomId: string; userId: string }) =>
  db.scoped<Scope, { call: Call | null; seq: number }>({
    scope: scopeOf({ via: 'room', id: roomId, userId }),
    item: sql`select (select to_json(shown) from (select ${columns} from calls c where c.room_id = scope.id and c.ended_at is null) shown) as call,
      ${headOf(sql`'room:' || scope.id`)} as seq`,
  })

export const shown = (tx: Queryable, id: string) => tx.json<Call>(sql`select ${columns} from calls c where id = ${id}`)

export interface Running {
  id: string
  roomId: string
  livekitRoom: string
  startedBy: string
}
const fields = sql`select id, room_id as "roomId", livekit_room as "livekitRoom", started_by as "startedBy" from calls`

/** The call of a room that is going on. */
export const running = (tx: Queryable, roomId: string) =>
  tx.row<Running>(sql`${fields} where room_id = ${roomId} and ended_at is null`)

/** The room of the call that LiveKit knows by this name, also of one that has ended. */
export const place = (db: Queryable, livekitRoom: string) =>
  db.row<Place>(sql`select r.id as "roomId", r.workspace_id as "workspaceId" from calls c
    join rooms r on r.id = c.room_id where c.livekit_room = ${livekitRoom}`)

/** The call that LiveKit knows by this name, kept as it is until the transaction ends. */
export const byName = (tx: Queryable, livekitRoom: string) =>
  tx.row<Running & { endedAt: Date | null; startedAt: Date }>(
    sql`select id, room_id as "roomId", livekit_room as "livekitRoom", started_by as "startedBy", ended_at as "endedAt", started_at as "startedAt"
      from calls where livekit_room = ${livekitRoom} for update`,
  )

/** True where the room had none. */
export const insert = async (tx: Queryable, c: Running) =>
  (await tx.run(sql`insert into calls (id, room_id, livekit_room, started_by)
    values (${c.id}, ${c.roomId}, ${c.livekitRoom}, ${c.startedBy}) on conflict (room_id) where ended_at is null do nothing`)) >
  0

/** Seconds it lasted; undefined where it had ended before. */
export const end = (tx: Queryable, id: string) =>
  tx.row<{ seconds: number }>(sql`with ended as (
      update calls set ended_at = now() where id = ${id} and ended_at is null returning id, started_at
    ), away as (update call_devices set left_at = now() where call_id = ${id} and left_at is null)
    select extract(epoch from now() - started_at)::int as seconds from ended`)

export const endAll = (tx: Queryable, roomIds: readonly string[]) =>
  tx.rows<{ livekitRoom: string }>(
    sql`update calls set ended_at = now() where room_id = any(${roomIds}::uuid[]) and ended_at is null returning livekit_room as "livekitRoom"`,
  )

/**
 * Calls that began before the last `seconds`, or where nobody ever came before the last `unused`, some at a time from the
 * oldest.
 */
export const old = (db: Queryable, { seconds, unused, limit }: { seconds: number; unused: number; limit: number }) =>
  db.rows<Running>(sql`${fields} where ended_at is null and started_at < now() - make_interval(secs => ${seconds})
    and (started_at < now() - make_interval(secs => ${unused}) or exists (select from call_devices where call_id = calls.id))
    order by started_at limit ${limit}`)

/**
 * A device came or left; whichever LiveKit says first, one that left stays away. True where that changes who is in: not
 * for the end of one that was never let in. The call's row is locked, so that one is heard after the other.
 */
export const device = async (
  tx: Queryable,
  { callId, sid, userId, at, left }: { callId: string; sid: string; userId: string; at: Date; left: boolean },
) => {
  const gone = left
    ? await tx.run(
        sql`update call_devices set left_at = ${at} where call_id = ${callId} and sid = ${sid} and left_at is null`,
      )
    : 0
  if (gone > 0) return true
  const added = await tx.run(sql`insert into call_devices (call_id, sid, user_id, joined_at, left_at)
    values (${callId}, ${sid}, ${userId}, ${at}, ${left ? at : null}) on conflict do nothing`)
  return added > 0 && !left
}

/** True the first time that LiveKit says this. */
export const first = async (tx: Queryable, eventId: string) =>
  (await tx.run(sql`insert into livekit_events (id) values (${eventId}) on conflict do nothing`)) > 0

export const forgetEvents = (db: Queryable) =>
  db.run(sql`delete from livekit_events where at < now() - interval '7 days'`, { slow: true })
