import type { User } from '@wealist/contract/user/users'
import type { Standing } from '@wealist/contract/user/internal'
import { pageRequest } from '@wealist/kit/page'
import { type Queryable, raw, type Sql, sql } from '@wealist/kit/sql'

/** The public address of an avatar; null where there is none. */
export const avatarUrl = (assets: string, table: 'u' | 'users'): Sql =>
  sql`${`${assets}/`}::text || ${raw(table)}.avatar_key as "avatarUrl"`

const columns = (assets: string, table: 'u' | 'users' = 'users') =>
  sql`${raw(table)}.id, ${raw(table)}.email, ${raw(table)}.name, ${avatarUrl(assets, table)},
    ${raw(table)}.created_at as "createdAt", ${raw(table)}.updated_at as "updatedAt"`

export interface NewPerson {
  id: string
  email: string
  name: string
  passwordHash: string | null
  /** Whether somebody vouched for the address. */
  verified: boolean
}

/** Nothing where somebody has the address already. */
export const insert = (db: Queryable, assets: string, p: NewPerson) =>
  db.json<User>(sql`insert into users (id, email, name, password_hash, email_verified_at)
    values (${p.id}, ${p.email}, ${p.name}, ${p.passwordHash}, case when ${p.verified} then now() end)
    on conflict (email) where deleted_at is null do nothing returning ${columns(assets)}`)

/**
 * Makes a locked person an admin whom configuration names, and writes that into the audit log; false where they are one,
 * or an admin has given them a role.
 */
export const appoint = async (tx: Queryable, id: string) =>
  (await tx.run(sql`with appointed as (
      update users u set role = 'admin' from users was
      where u.id = ${id} and was.id = u.id and was.role <> 'admin' and not exists (
        select from ops.audit a where a.target = u.id::text and a.action = 'user.role')
      returning u.id, was.role)
    insert into ops.audit (actor_id, action, target, was, became, reason)
    select id, 'user.admin', id::text, to_jsonb(role), '"admin"', 'named by configuration' from appointed`)) === 1

export const get = (db: Queryable, assets: string, id: string) =>
  db.json<User>(sql`select ${columns(assets)} from users where id = ${id} and deleted_at is null`)

export const rename = (db: Queryable, assets: string, { id, name }: { id: string; name: string | undefined }) =>
  db.json<User>(sql`update users set name = coalesce(${name ?? null}, name), version = version + 1, updated_at = now()
    where id = ${id} and deleted_at is null returning ${columns(assets)}`)

// One sees oneself and whom one shares a workspace with. With `offset` each is looked up: without it PostgreSQL may gather
// all members of all of the viewer's workspaces first.
const seenBy = (viewer: string) => sql`u.deleted_at is null and (u.id = ${viewer} or exists (
  select from members mine join members theirs using (workspace_id)
  join workspaces w on w.id = mine.workspace_id and w.deleted_at is null where mine.user_id = ${viewer} and theirs.user_id = u.id offset 0))`

export const seen = (db: Queryable, assets: string, { viewer, id }: { viewer: string; id: string }) =>
  db.json<User>(sql`select ${columns(assets, 'u')} from users u where u.id = ${id} and ${seenBy(viewer)}`)

export const allSeen = (db: Queryable, assets: string, { viewer, ids }: { viewer: string; ids: string[] }) =>
  db.page<User>(pageRequest('', {}, { limit: ids.length }), {
    items: sql`select ${columns(assets, 'u')} from users u where u.id = any(${ids}::uuid[]) and ${seenBy(viewer)}
        order by u.id`,
    keys: ['id'],
  })

/** Names and avatars of anybody, the deleted included. */
export const lookup = async (db: Queryable, assets: string, ids: string[]) =>
  db.rows<{ id: string; name: string; avatarUrl: string | null }>(
    sql`select u.id, u.name, ${avatarUrl(assets, 'u')} from users u where u.id = any(${ids}::uuid[]) order by u.id`,
  )

const standing = sql`id, email, name, role, status`

export const getStanding = (db: Queryable, id: string) =>
  db.row<Standing>(sql`select ${standing} from users where id = ${id} and deleted_at is null`)

export interface Credentials extends Standing {
  passwordHash: string | null
}

export const credentials = (db: Queryable, by: { email: string } | { id: string }) =>
  db.row<Credentials>(
    'email' in by
      ? sql`select ${standing}, password_hash as "passwordHash" from users where email = ${by.email} and deleted_at is null`
      : sql`select ${standing}, password_hash as "passwordHash" from users where id = ${by.id} and deleted_at is null`,
  )

/** Sets a password where the one before is still `was`; false where it changed meanwhile. */
export const setPassword = async (db: Queryable, p: { id: string; was: string | null; hash: string }) =>
  (await db.run(sql`update users set password_hash = ${p.hash}
    where id = ${p.id} and password_hash is not distinct from ${p.was} and deleted_at is null`)) === 1

/** Holds a person as they are until the end of the transaction: who is added to something is not deleted meanwhile. */
export const hold = (db: Queryable, by: { email: string } | { id: string }) =>
  db.row<{ id: string; email: string }>(
    'email' in by
      ? sql`select id, email from users where email = ${by.email} and deleted_at is null for share`
      : sql`select id, email from users where id = ${by.id} and deleted_at is null for share`,
  )

/**
 * Everything of a person that is not the row, and what makes the row theirs; the name stays for what they wrote.
 * Invitations to their address go, too: whoever has it next is somebody new.
 */
export const erase = async (tx: Queryable, id: string) => {
  const [, row] = await Promise.all([
    tx.run(sql`delete from invitations where email = (select email from users where id = ${id})`),
    tx.row<{ avatarKey: string | null }>(sql`with was as (select avatar_key from users where id = ${id})
      update users set deleted_at = now(), updated_at = now(), version = version + 1, password_hash = null, avatar_key = null,
        bio = null, timezone = null, locale = null, role = 'user', email = 'deleted:' || id
      where id = ${id} returning (select avatar_key from was) as "avatarKey"`),
    tx.run(sql`delete from identities where user_id = ${id}`),
    tx.run(sql`delete from join_requests where user_id = ${id}`),
  ])
  return row?.avatarKey ?? undefined
}

/** Locks a person for a change of whether they exist at all. */
export const lock = (tx: Queryable, id: string) =>
  tx.row<{ role: Standing['role'] }>(
    sql`select role from users where id = ${id} and deleted_at is null for no key update`,
  )

/** Holds those who could run the platform without this person; none means that this is the last admin. */
export const holdOtherAdmins = (tx: Queryable, id: string) =>
  tx.rows<{ id: string }>(sql`select id from users
    where role = 'admin' and status = 'active' and deleted_at is null and id <> ${id} order by id limit 1 for share`)
