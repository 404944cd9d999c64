import type { Db } from '@wealist/kit/db'
import { expect } from 'vitest'

/** A connection tells PostgreSQL's statistics what it read at its end, and a job may have taken it over. */
export const allTold = async (db: Db) => {
  const rested = () => db.rest().then(() => db.pool.totalCount)
  await expect.poll(rested, { interval: 5, timeout: 5000 }).toBe(0)
}

const sequentialScans = async (db: Db) => {
  await allTold(db)
  const { rows } = await db.pool.query<{ table: string; n: string }>(`select relname as table, seq_scan as n
    from pg_stat_user_tables where schemaname = 'public' or relid = any('{kit.heads,kit.events}'::regclass[])`)
  return rows
}

/** The tables that were read from end to end meanwhile, for foreign keys too. */
export const wholeTables = async (db: Db, work: () => Promise<unknown>) => {
  const before = new Map((await sequentialScans(db)).map(({ table, n }) => [table, n]))
  await work()
  return (await sequentialScans(db)).flatMap(({ table, n }) => (before.get(table) === n ? [] : [table]))
}
