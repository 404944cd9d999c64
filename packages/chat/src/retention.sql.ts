import { type Queryable, sql } from '@wealist/kit/sql'

/** A room that was deleted longer than `days` ago. */
export const oldRoom = (db: Queryable, days: number) =>
  db.row<{ id: string }>(
    sql`select id from rooms where deleted_at < now() - make_interval(days => ${days}) order by deleted_at limit 1`,
  )

/** Drops at most `limit` messages of a room; gives how many. */
export const dropMessages = (db: Queryable, { roomId, limit }: { roomId: string; limit: number }) =>
  db.run(
    sql`delete from messages where id = any(array(select id from messages where room_id = ${roomId} order by seq limit ${limit}))`,
  )

export const dropRoom = (db: Queryable, id: string) =>
  db.run(sql`delete from rooms where id = ${id} and deleted_at is not null`)
