import { empty, headOf, type Queryable, type Sql, sql } from '@wealist/kit/sql'
import { unread as unreadOf } from './rooms.sql.ts'

/**
 * Pins the messages that people are told of next: the same ones again until they were told, so many places of the room at
 * most, since all of them are looked through. Nothing where there is none.
 */
export const pin = (db: Queryable, roomId: string) =>
  db.row<{ workspaceId: string; name: string | null; from: number; to: number }>(sql`update rooms r
    set telling_seq = case when r.telling_seq > r.told_seq then r.telling_seq else least(m.last, r.told_seq + 5000) end
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

// In characters, of which JavaScript may count one as two: it cuts off the rest.
const beginning = sql`left(m.content, 300)`

/** What people said in between, the newest of it with the newest that mentions each person, and who has not read the last of it. */
export const unread = (db: Queryable, { roomId, from, to }: { roomId: string; from: number; to: number }) => {
  const between = sql`from messages where room_id = ${roomId} and seq > ${from} and seq <= ${to}
    and sender_id is not null and deleted_at is null`
  return db.row<{ said: Said[]; people: Reader[] }>(sql`select
    coalesce((select json_agg(to_json(s) order by s.seq desc) from (
      select m.id, m.seq, m.sender_id as "senderId", m.sender_name as "senderName", ${beginning} as beginning, m.mentions
      from messages m where m.room_id = ${roomId} and m.seq in (
        (select seq ${between} order by seq desc limit 100)
        union
        select max(seq) from (select seq, sender_id, unnest(mentions) as person ${between}) mentioned
        where person <> sender_id group by person)) s), '[]') as said,
    coalesce((select json_agg(json_build_object('userId', user_id, 'readSeq', read_seq) order by user_id) from participants
      where room_id = ${roomId} and read_seq < ${to}), '[]') as people`)
}

export interface Count extends Reader {
  count: number
  seq: number
}

/**
 * What people have unread, with the state of the room and of their mark that it belongs to: both only go forward, so of two
 * counts of one person the one with the higher sum is newer. At most `limit`, of those above `after`.
 */
export const counts = (
  db: Queryable,
  {
    roomId,
    limit,
    people,
    after,
  }: { roomId: string; limit: number; people?: readonly string[]; after?: string | undefined },
) =>
  db.rows<Count>(sql`select p.user_id as "userId", p.read_seq as "readSeq", p.read_seq + coalesce(h.head, 0) as seq,
      ${unreadOf({ room: sql`p.room_id`, read: sql`p.read_seq`, userId: sql`p.user_id` })} as count
    from participants p left join kit.heads h on h.topic = ${`room:${roomId}`}
    where p.room_id = ${roomId} ${people ? sql`and p.user_id = any(${people}::uuid[])` : empty}
      ${after ? sql`and p.user_id > ${after}` : empty} order by p.user_id limit ${limit}`)

/**
 * The same of people who left: nothing, as of all that was said by now, or what they have where they are back. Whoever comes
 * in later does so after this transaction, as having read at least as much. Nobody where nobody was ever told of the room.
 */
export const countsOfLeft = async (
  tx: Queryable,
  { roomId, people }: { roomId: string; people: readonly string[] },
): Promise<Count[]> => {
  const room = await tx.row<{ head: number }>(sql`
    select ${headOf(sql`${`room:${roomId}`}`)} as head from rooms
    where id = ${roomId} and telling_seq > 0 for no key update`)
  if (!room) return []
  const back = await counts(tx, { roomId, people, limit: people.length })
  const gone = people.filter((id) => !back.some(({ userId }) => userId === id))
  return [...back, ...gone.map((userId) => ({ userId, count: 0, readSeq: room.head, seq: 2 * room.head }))]
}

/** A message that somebody may have been told of. */
export const told = (db: Queryable, messageId: string) =>
  db.row<{ seq: number; version: number; beginning: string; deleted: boolean }>(sql`
    select m.seq, m.version, ${beginning} as beginning, m.deleted_at is not null as deleted from messages m join rooms r on r.id = m.room_id
    where m.id = ${messageId} and r.telling_seq >= m.seq`)

/** The jobs of `placed` messages, one a room, due in so many ms: task, payload, key and time. */
export const waiting = (placed: Sql, { ms }: { ms: number }) =>
  sql`select 'noti.room', json_build_object('roomId', "roomId"), 'room:' || "roomId", now() + ${`${ms} ms`}::interval
    from (select distinct "roomId" from ${placed}) p`
