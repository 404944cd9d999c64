import type { Profile, ProfileChange } from '@wealist/contract/user/profiles'
import { type Queryable, sql } from '@wealist/kit/sql'
import { avatarUrl } from './users.sql.ts'

const columns = (assets: string) =>
  sql`name as "displayName", bio, timezone, locale, ${avatarUrl(assets, 'users')}, version`

export const get = (db: Queryable, assets: string, id: string) =>
  db.json<Profile>(sql`select ${columns(assets)} from users where id = ${id} and deleted_at is null`)

/** Nothing where there is no such person, or, with `version`, where they changed since. */
export const update = (
  db: Queryable,
  assets: string,
  { id, version, change: c }: { id: string; version: number | undefined; change: ProfileChange },
) =>
  db.json<Profile>(sql`update users set name = coalesce(${c.displayName ?? null}, name),
      bio = case when ${c.bio !== undefined} then ${c.bio ?? null} else bio end,
      timezone = case when ${c.timezone !== undefined} then ${c.timezone ?? null} else timezone end,
      locale = case when ${c.locale !== undefined} then ${c.locale ?? null} else locale end,
      version = version + 1, updated_at = now()
    where id = ${id} and deleted_at is null and version = coalesce(${version ?? null}::int, version)
    returning ${columns(assets)}`)
