import type { Participant } from '@wealist/contract/chat/participants'
import type { RoomRole } from '@wealist/contract/chat/rooms'
import type { PageRequest } from '@wealist/kit/page'
import { empty, headOf, type Queryable, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'
import { headcount } from './rooms.sql.ts'

const columns = sql`p.room_id as "chatId", p.user_id as "userId", p.role, p.read_seq as "readSeq", p.joined_at as "joinedAt"`

interface Who {
  roomId: string
  userId: string
}

export const list = (db: Queryable, { roomId, userId, page }: Who & { page: PageRequest }) =>
  db.livePage<Scope, Participant>(page, {
    scope: scopeOf({ via: 'room', id: roomId, userId }),
    topic: sql`'room:' || scope.id`,
    items: sql`select ${columns} from participants p where p.room_id = ${roomId}
      ${page.after ? sql`and (p.joined_at, p.user_id) > (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : empty}
      order by p.joined_at, p.user_id limit ${page.rows}`,
    keys: ['joinedAt', 'userId'],
  })

/** Puts people into a room who are not in it, as having read all that was said; gives those rows. */
export const insert = (
  tx: Queryable,
  {
    roomId,
    workspaceId,
    people,
  }: { roomId: string; workspaceId: string; people: readonly { userId: string; role: RoomRole }[] },
) =>
  tx.rows<{ userId: string; row: Participant }>(sql`with added as (
      insert into participants as p (room_id, user_id, workspace_id, role, read_seq)
      select ${roomId}, t.user_id, ${workspaceId}, t.role, ${headOf(sql`${`room:${roomId}`}`)}
      from unnest(${people.map((p) => p.userId)}::uuid[], ${people.map((p) => p.role)}::text[]) as t(user_id, role)
      order by t.user_id on conflict do nothing returning ${columns})
    select "userId", to_json(added) as row from added order by "userId"`)

export const count = async (tx: Queryable, roomId: string) =>
  (await tx.row<{ n: number }>(sql`select count(*) as n from participants where room_id = ${roomId}`))!.n

/** Locks everybody of a room in their order, for what depends on all of them; the most senior first, admins before members. */
export const lockAll = async (tx: Queryable, roomId: string) => {
  const [, people] = await Promise.all([
    tx.run(sql`select from participants where room_id = ${roomId} order by user_id for update`),
    tx.rows<{ userId: string; role: RoomRole }>(
      sql`select user_id as "userId", role from participants where room_id = ${roomId} order by role, joined_at, user_id`,
    ),
  ])
  return people
}

export const setRole = (tx: Queryable, { roomId, userId, role }: Who & { role: RoomRole }) =>
  tx.json<Participant>(
    sql`update participants p set role = ${role} where room_id = ${roomId} and user_id = ${userId} returning ${columns}`,
  )

export const remove = (tx: Queryable, { roomId, userId }: Who) =>
  tx.run(sql`delete from participants where room_id = ${roomId} and user_id = ${userId}`)

export interface Leaving {
  userId: string
  /** All of them where it is not told. */
  workspaceId?: string | undefined
  /** Whoever came into a room later stays. */
  before?: string | undefined
}

/** The rooms of a workspace, or all, that a person is in, how many people each has, and the time. */
export const roomsOf = (tx: Queryable, { userId, workspaceId, before, limit }: Leaving & { limit: number }) =>
  tx.rows<{
    roomId: string
    type: 'direct' | 'group' | 'project'
    people: number
    now: Date
  }>(sql`select p.room_id as "roomId", r.type, ${headcount} as people, now() as now from participants p
    join rooms r on r.id = p.room_id where p.user_id = ${userId} ${workspaceId === undefined ? empty : sql`and p.workspace_id = ${workspaceId}`}
      ${before === undefined ? empty : sql`and p.joined_at <= ${before}`}
    order by p.room_id limit ${limit}`)

/** Which of these people are in the room. */
export const among = async (tx: Queryable, { roomId, ids }: { roomId: string; ids: readonly string[] }) =>
  (
    await tx.rows<{ id: string }>(
      sql`select user_id as id from participants where room_id = ${roomId} and user_id = any(${ids}::uuid[])`,
    )
  ).map((p) => p.id)
