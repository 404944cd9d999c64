import type { NewPreferences, Preferences } from '@wealist/contract/noti/preferences'
import { type Queryable, sql } from '@wealist/kit/sql'

const columns = sql`p.timezone, p.quiet_hours as "quietHours", p.in_app as "inApp", p.workspaces, p.version`

export const get = (db: Queryable, userId: string) =>
  db.json<Preferences>(sql`select ${columns} from preferences p where p.user_id = ${userId}`)

/** Undefined where they are no longer at `ifVersion`; 0 is of who never set any. */
export const put = (
  db: Queryable,
  {
    userId,
    ifVersion = null,
    timezone,
    quietHours,
    inApp,
    workspaces,
  }: NewPreferences & { userId: string; ifVersion?: number | null },
) => {
  const quiet = quietHours && JSON.stringify(quietHours)
  return db.json<Preferences>(sql`insert into preferences as p (user_id, timezone, quiet_hours, in_app, workspaces)
    select ${userId}, ${timezone}, ${quiet}::json, ${JSON.stringify(inApp)}::json, ${JSON.stringify(workspaces)}::json
    where ${ifVersion}::int is null or ${ifVersion} = 0 or exists (select from preferences where user_id = ${userId})
    on conflict (user_id) do update set timezone = excluded.timezone, quiet_hours = excluded.quiet_hours, in_app = excluded.in_app,
      workspaces = excluded.workspaces, version = p.version + 1, updated_at = now()
      where ${ifVersion}::int is null or p.version = ${ifVersion}
    returning ${columns}`)
}
