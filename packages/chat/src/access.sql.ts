import type { Room, RoomRole } from '@wealist/contract/chat/rooms'
import { type Queryable, type Sql, sql } from '@wealist/kit/sql'
import type { Place } from './places.ts'

/** What a right on a room rests on, besides the workspace: that one is in it. */
export interface Scope {
  id: string
  workspaceId: string
  type: Room['type']
  role: RoomRole
}

/** By what a room is named: itself, or a message in it. */
export type Via = 'room' | 'message'

const roomOf = (via: Via, id: string): Sql =>
  via === 'room' ? sql`${id}::uuid` : sql`(select room_id from messages where id = ${id})`

/** The scope row of a read, for `scoped` and `livePage`. */
export const scopeOf = ({ via, id, userId }: { via: Via; id: string; userId: string }) =>
  sql`select r.id, r.workspace_id as "workspaceId", r.type, p.role, p.read_seq as "readSeq" from rooms r
    join participants p on p.room_id = r.id and p.user_id = ${userId}
    where r.id = ${roomOf(via, id)} and r.deleted_at is null`

export const scopes = (db: Queryable, { ids, userId }: { ids: readonly string[]; userId: string }) =>
  db.rows<Scope>(sql`select r.id, r.workspace_id as "workspaceId", r.type, p.role from rooms r
    join participants p on p.room_id = r.id and p.user_id = ${userId}
    where r.id = any(${ids}::uuid[]) and r.deleted_at is null`)

export const place = (db: Queryable, via: Via, id: string) =>
  db.row<Place>(
    sql`select id as "roomId", workspace_id as "workspaceId" from rooms where id = ${roomOf(via, id)} and deleted_at is null`,
  )

/**
 * The right with the participant's row locked: who removes or demotes the actor waits, or has come first. Not so that a
 * read mark, which changes nobody's right, would wait too. With `alone` another such change of the actor's waits as well.
 */
export const lockRight = (
  tx: Queryable,
  { roomId, userId, alone = false }: { roomId: string; userId: string; alone?: boolean },
) =>
  tx.row<Scope>(sql`select r.id, r.workspace_id as "workspaceId", r.type, p.role from rooms r
    join (select role from participants where room_id = ${roomId} and user_id = ${userId}
      for ${alone ? sql`no key update` : sql`key share`}) p on true
    where r.id = ${roomId} and r.deleted_at is null`)
