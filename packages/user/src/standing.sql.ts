import type { PersonStanding } from '@wealist/kit/revocations'
import { type Queryable, sql } from '@wealist/kit/sql'

const columns = sql`status, standing_version as version`

/** Undefined where the person is not there any more. */
export const get = (db: Queryable, id: string) =>
  db.row<PersonStanding>(sql`select ${columns} from users where id = ${id} and deleted_at is null`)

export type Blocked = PersonStanding & { id: string }

/** Those who may not be signed in, in order of their ids. */
export const blocked = (db: Queryable, { after, limit }: { after: string | null; limit: number }) =>
  db.rows<Blocked>(sql`select id, ${columns} from users
    where status <> 'active' and deleted_at is null and (${after}::uuid is null or id > ${after}) order by id limit ${limit}`)
