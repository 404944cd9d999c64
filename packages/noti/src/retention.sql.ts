import { type Queryable, raw, sql } from '@wealist/kit/sql'

const ages = {
  notifications: 'created_at',
  receipts: 'at',
  deleted_workspaces: 'at',
  folds: 'at',
  withdrawn_events: 'at',
}

export type Table = keyof typeof ages
export const names = Object.keys(ages) as Table[]

/** Drops at most `limit` of the rows older than `days`; gives how many there were. A row that is brought up to date meanwhile stays. */
export const drop = (db: Queryable, { table, days, limit }: { table: Table; days: number; limit: number }) =>
  db.run(
    sql`delete from ${raw(table)} where ctid = any(array(
      select ctid from ${raw(table)} where ${raw(ages[table])} < now() - make_interval(days => ${days}) limit ${limit}))`,
    { slow: true },
  )
