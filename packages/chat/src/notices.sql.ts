import { type Queryable, type Sql, sql } from '@wealist/kit/sql'

/** Pins the messages that people are told of next: the same ones again until they were told. Nothing where there is none. */
export const pin = (db: Queryable, roomId: string) =>
  db.row<{ workspaceId: string; name: string | null; from: number; to: number }>(sql`update rooms r
    set telling_seq = case when r.telling_seq > r.told_seq then r.telling_seq else m.last end
    from (select max(seq) as last from messages where room_id = ${roomId}) m
    where r.id = ${roomId} and r.deleted_at is null and m.last > r.told_seq
    returning r.workspace_id as "workspaceId", r.name, r.told_seq as from, r.telling_seq as to`)

/** True where more was said since. */
export const unpin = async (db: Queryable, { roomId, to }: { roomId: string; to: number }) => {
  const row = await db.row<{
    more: boolean
  }>(sql`update rooms set told_seq = greatest(told_seq, ${to}) where id = ${roomId}
    returning exists (select from messages where room_id = ${roomId} and seq > ${to}) as more`)
  return row?.more ?? false
}

export interface Said {
  id: string
  seq: number
  senderId: string
  senderName: string
  beginning: string
  mentions: string[]
}

export interface Reader {
  userId: string
  readSeq: number
}

/** What people said in between, the newest of it, and who has not read the last of it. */
export const unread = (db: Queryable, { roomId, from, to }: { roomId: string; from: number; to: number }) =>
  db.row<{ said: Said[]; people: Reader[] }>(sql`select
    coalesce((select json_agg(to_json(s) order by s.seq desc) from (
      select m.id, m.seq, m.sender_id as "senderId", m.sender_name as "senderName", left(m.content, 300) as beginning, m.mentions
      from messages m where m.room_id = ${roomId} and m.seq > ${from} and m.seq <= ${to} and m.sender_id is not null
        and m.deleted_at is null order by m.seq desc limit 100) s), '[]') as said,
    coalesce((select json_agg(json_build_object('userId', user_id, 'readSeq', read_seq) order by user_id) from participants
      where room_id = ${roomId} and read_seq < ${to}), '[]') as people`)

/** The jobs of `placed` messages, one a room, due in so many ms: task, payload, key and time. */
export const waiting = (placed: Sql, { ms }: { ms: number }) =>
  sql`select 'noti.room', json_build_object('roomId', "roomId"), 'room:' || "roomId", now() + ${`${ms} ms`}::interval
    from (select distinct "roomId" from ${placed}) p`
