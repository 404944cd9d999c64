import type { Standing } from '@wealist/contract/user/internal'
import { type Queryable, sql } from '@wealist/kit/sql'

/** Undefined where the person is not there any more. */
export const statusOf = async (db: Queryable, id: string) =>
  (await db.row<Pick<Standing, 'status'>>(sql`select status from users where id = ${id} and deleted_at is null`))
    ?.status

/** Those who may not be signed in, in order of their ids. */
export const blocked = (db: Queryable, { after, limit }: { after: string | null; limit: number }) =>
  db.rows<{ id: string }>(sql`select id from users
    where status <> 'active' and deleted_at is null and (${after}::uuid is null or id > ${after}) order by id limit ${limit}`)

/** Which of them may be signed in by now. */
export const activeAmong = (db: Queryable, ids: readonly string[]) =>
  db.rows<{ id: string }>(
    sql`select id from users where id = any(${ids}::uuid[]) and status = 'active' and deleted_at is null`,
  )
