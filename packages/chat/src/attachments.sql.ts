import type { NewUpload } from '@wealist/contract/chat/attachments'
import { type Queryable, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'

/** A file that was announced, and may be in a message by now. */
export interface Upload {
  id: string
  key: string
  name: string
  contentType: string
  size: number
}

export const waiting = async (tx: Queryable, { roomId, userId }: { roomId: string; userId: string }) =>
  (await tx.row<{ n: number }>(
    sql`select count(*) as n from uploads where room_id = ${roomId} and created_by = ${userId} and message_id is null`,
  ))!.n

export const insert = (tx: Queryable, u: NewUpload & { id: string; key: string; roomId: string; createdBy: string }) =>
  tx.run(sql`insert into uploads (id, room_id, key, name, content_type, size, created_by)
    values (${u.id}, ${u.roomId}, ${u.key}, ${u.name}, ${u.contentType}, ${u.size}, ${u.createdBy})`)

/** Those of these uploads that the person made in this room and no message has, while they can still be sent. */
export const mine = (
  db: Queryable,
  { ids, roomId, userId, minutes }: { ids: readonly string[]; roomId: string; userId: string; minutes: number },
) =>
  db.rows<Upload>(sql`select id, key, name, content_type as "contentType", size::int as size from uploads
    where id = any(${ids}::uuid[]) and room_id = ${roomId} and created_by = ${userId} and message_id is null
      and created_at > now() - make_interval(mins => ${minutes})`)

/** Gives uploads to a message; how many were still nobody's. */
export const give = (tx: Queryable, { ids, messageId }: { ids: readonly string[]; messageId: string }) =>
  tx.run(sql`update uploads set message_id = ${messageId}
    where id = any(array(select id from uploads where id = any(${ids}::uuid[]) and message_id is null order by id for update))`)

/** What a download needs, with the right to it; `key` is null where there is no such file in a message. */
export const find = (db: Queryable, { roomId, id, userId }: { roomId: string; id: string; userId: string }) =>
  db.row<Scope & ({ key: string; name: string; contentType: string } | { key: null })>(
    sql`select scope.*, u.key, u.name, u.content_type as "contentType" from (${scopeOf({ via: 'room', id: roomId, userId })}) scope
      left join uploads u on u.id = ${id} and u.room_id = scope.id and u.message_id is not null`,
  )

/** Drops an upload that no message has; gives whether one has it. */
export const expire = async (tx: Queryable, id: string) => {
  await tx.run(sql`delete from uploads where id = ${id} and message_id is null`)
  return (await tx.row(sql`select id from uploads where id = ${id}`)) !== undefined
}

export const dropOfMessage = (tx: Queryable, messageId: string) =>
  tx.rows<{ key: string }>(sql`delete from uploads where message_id = ${messageId} returning key`)

/** Drops at most `limit` of a room. */
export const dropOfRoom = (tx: Queryable, { roomId, limit }: { roomId: string; limit: number }) =>
  tx.rows<{ key: string }>(
    sql`delete from uploads where id = any(array(select id from uploads where room_id = ${roomId} limit ${limit})) returning key`,
  )
