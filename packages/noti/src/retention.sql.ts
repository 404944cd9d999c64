import { type Queryable, raw, sql } from '@wealist/kit/sql'

const tables = {
  notifications: { key: 'id', age: 'created_at' },
  receipts: { key: 'source, event_id, recipient_id', age: 'at' },
  deleted_workspaces: { key: 'id', age: 'at' },
}

export type Table = keyof typeof tables
export const names = Object.keys(tables) as Table[]

/** Drops at most `limit` of the rows older than `days`; gives how many there were. */
export const drop = (db: Queryable, { table, days, limit }: { table: Table; days: number; limit: number }) => {
  const { key, age } = tables[table]
  return db.run(sql`delete from ${raw(table)} where (${raw(key)}) in (
    select ${raw(key)} from ${raw(table)} where ${raw(age)} < now() - make_interval(days => ${days}) limit ${limit})`)
}
