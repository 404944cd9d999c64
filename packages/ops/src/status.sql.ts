import { type Queryable, sql } from '@wealist/kit/sql'

export const ping = (db: Queryable) => db.row(sql`select 1 as one`)
