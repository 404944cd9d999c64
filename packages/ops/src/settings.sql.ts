import type { Setting, SettingKey } from '@wealist/contract/ops/settings'
import { type Queryable, sql } from '@wealist/kit/sql'
import type { Verdict } from './people.sql.ts'

/** Those that somebody has set. */
export const all = (db: Queryable) =>
  db.rows<Omit<Setting, 'updatedAt'> & { updatedAt: Date }>(
    sql`select key, value, version, updated_at as "updatedAt" from ops.settings`,
  )

interface Change {
  actor: string
  key: SettingKey
  value: string | number
  version: number | undefined
}

export const set = async (db: Queryable, { actor, key, value, version }: Change) =>
  (await db.row<{ verdict: Verdict }>(
    sql`select ops.set_setting(${actor}, ${key}, ${JSON.stringify(value)}::jsonb, ${version ?? null}) as verdict`,
  ))!.verdict
