import type { ListedRoom, Room, RoomDetail } from '@wealist/contract/chat/rooms'
import type { PageRequest } from '@wealist/kit/page'
import { empty, headOf, type Queryable, type Sql, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'
import { columns as messageColumns } from './messages.sql.ts'

/** A room as answers and events show it, from `rooms r`. */
export const columns = sql`r.id, r.workspace_id as "workspaceId", r.type, r.name, string_to_array(r.pair, ' ') as pair, r.project_id as "projectId",
  r.created_by as "createdBy", r.version, r.created_at as "createdAt", r.updated_at as "updatedAt"`

/**
 * Messages of others above a read mark, counted to 100, in the last 5,000 places of the room: of who says much and never
 * reads, as programs do, not all that they ever said is gone through.
 */
export const unread = ({ room, read, userId }: { room: Sql; read: Sql; userId: string | Sql }) =>
  sql`(select count(*) from (select from messages u where u.room_id = ${room} and u.deleted_at is null
    and u.seq > greatest(${read}, (select max(seq) - 5000 from messages where room_id = ${room}))
    and u.sender_id is distinct from ${userId}::uuid and u.type <> 'system' limit 100) u)`

/** How many people a room has, from `rooms r`. */
export const headcount = sql`(select count(*) from participants c where c.room_id = r.id)`
const head = headOf(sql`'room:' || r.id`)

/** Rooms in the order of their last message; what is counted is counted for the page alone. */
export const list = (
  db: Queryable,
  { workspaceId, userId, page }: { workspaceId: string; userId: string; page: PageRequest },
) =>
  db.page<ListedRoom>(page, {
    items: sql`select ${columns}, o.role as "myRole", o.read_seq as "readSeq",
        ${unread({ room: sql`r.id`, read: sql`o.read_seq`, userId })} as "unreadCount", ${headcount} as "participantCount", ${head} as seq,
        (select json_agg(user_id) from (select user_id from participants c where c.room_id = r.id order by joined_at, user_id limit 10) first) as "participantIds",
        (select to_json(l) from (select ${messageColumns} from messages m where m.room_id = r.id and m.seq = o.seq) l) as "lastMessage",
        o."activeAt"
      from (
        select p.room_id, p.role, p.read_seq, last.seq, coalesce(last.created_at, a.created_at) as "activeAt" from participants p
        join rooms a on a.id = p.room_id and a.deleted_at is null
        left join lateral (select m.seq, m.created_at from messages m where m.room_id = p.room_id order by m.seq desc limit 1) last on true
        where p.user_id = ${userId} and p.workspace_id = ${workspaceId}
          ${page.after ? sql`and (coalesce(last.created_at, a.created_at), p.room_id) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : empty}
        order by "activeAt" desc, p.room_id desc limit ${page.rows}
      ) o join rooms r on r.id = o.room_id order by o."activeAt" desc, r.id desc`,
    keys: ['activeAt', 'id'],
  })

export const detail = (db: Queryable, { id, userId }: { id: string; userId: string }) =>
  db.scoped<Scope, RoomDetail>({
    scope: scopeOf({ via: 'room', id, userId }),
    item: sql`select ${columns}, scope.role as "myRole", scope."readSeq",
        ${unread({ room: sql`r.id`, read: sql`scope."readSeq"`, userId })} as "unreadCount", ${headcount} as "participantCount",
        ${head} as seq
      from rooms r where r.id = scope.id`,
  })

export interface NewRow {
  id: string
  workspaceId: string
  type: Room['type']
  name: string | null
  projectId: string | null
  pair: string | null
  createdBy: string
}

/** The new room, with how it is shown; undefined where this pair has one. */
export const insert = (tx: Queryable, r: NewRow) =>
  tx.json<Room>(sql`insert into rooms as r (id, workspace_id, type, name, project_id, pair, created_by)
    values (${r.id}, ${r.workspaceId}, ${r.type}, ${r.name}, ${r.projectId}, ${r.pair}, ${r.createdBy})
    on conflict (workspace_id, pair) where deleted_at is null do nothing returning ${columns}`)

/** The room of a pair, kept from being deleted until the transaction ends. */
export const ofPair = (tx: Queryable, { workspaceId, pair }: { workspaceId: string; pair: string }) =>
  tx.row<{
    id: string
    room: Room
  }>(sql`select r.id, (select to_json(shown) from (select ${columns}) shown) as room from rooms r
    where workspace_id = ${workspaceId} and pair = ${pair} and deleted_at is null for share`)

/** Undefined where it is not at that version any more. */
export const rename = (
  tx: Queryable,
  { id, name, version }: { id: string; name: string; version: number | undefined },
) =>
  tx.json<Room>(sql`update rooms r set name = ${name}, version = version + 1, updated_at = now()
    where id = ${id} and deleted_at is null and (${version ?? null}::int is null or version = ${version ?? null}) returning ${columns}`)

/** A room, kept for one to bring people into it at a time. */
export const lock = (tx: Queryable, id: string) =>
  tx.row<{ room: Room }>(sql`select (select to_json(shown) from (select ${columns}) shown) as room from rooms r
    where id = ${id} and deleted_at is null for no key update`)

/**
 * Marks rooms as deleted and takes everybody out; gives who was in those that were alive. Participants first: whoever is
 * changing something in the room holds their row, and comes before its last event. Then those who came in meanwhile.
 */
export const remove = async (tx: Queryable, ids: readonly string[]) => {
  const takeOut = () =>
    tx.rows<{ roomId: string; userId: string }>(
      sql`delete from participants where room_id = any(${ids}::uuid[]) returning room_id as "roomId", user_id as "userId"`,
    )
  const there = await takeOut()
  const removed = await tx.rows<{ id: string }>(
    sql`update rooms set deleted_at = now(), version = version + 1 where id = any(${ids}::uuid[]) and deleted_at is null returning id`,
  )
  return { ids: removed.map((r) => r.id), people: [...there, ...(await takeOut())] }
}

/**
 * The living rooms of a workspace and how many people each has, some at a time, in the order of an index: the others of
 * them are not sorted.
 */
export const livingOf = (tx: Queryable, { workspaceId, limit }: { workspaceId: string; limit: number }) =>
  tx.rows<{ id: string; people: number }>(
    sql`select r.id, ${headcount} as people from rooms r
      where r.workspace_id = ${workspaceId} and r.deleted_at is null order by r.pair limit ${limit}`,
  )

/**
 * Direct rooms of a person in which nobody is any more, some at a time. All of theirs are found first: a plan that had to
 * give some in order would go through everybody's in that order.
 */
export const deserted = async (tx: Queryable, { userId, limit }: { userId: string; limit: number }) =>
  (
    await tx.rows<{ id: string }>(
      sql`with theirs as materialized (
          select id from rooms where (left(pair, 36) = ${userId}::text or right(pair, 36) = ${userId}::text) and deleted_at is null)
        select id from theirs where not exists (select from participants where room_id = theirs.id) order by id limit ${limit}`,
    )
  ).map((r) => r.id)

/**
 * How far the actor has read, moved forward and not past the head; undefined for who is not in the room. `untold`: only
 * where nobody was told of anything above their mark.
 */
export const read = (
  db: Queryable,
  { id, userId, seq, untold = false }: { id: string; userId: string; seq: number; untold?: boolean },
) =>
  db.json<{ readSeq: number; unreadCount: number }>(sql`update participants p
    set read_seq = greatest(p.read_seq, least(${seq}::bigint, ${headOf(sql`'room:' || p.room_id`)}))
    from rooms r where r.id = p.room_id and r.deleted_at is null and p.room_id = ${id} and p.user_id = ${userId}
      ${untold ? sql`and r.telling_seq <= p.read_seq` : empty}
    returning p.read_seq as "readSeq", ${unread({ room: sql`p.room_id`, read: sql`p.read_seq`, userId })} as "unreadCount"`)
