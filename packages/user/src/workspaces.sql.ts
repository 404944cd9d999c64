import type {
  NewWorkspace,
  PublicWorkspace,
  Workspace,
  WorkspaceChange,
  WorkspaceRole,
} from '@wealist/contract/user/workspaces'
import type { PageRequest } from '@wealist/kit/page'
import { containing, empty, type Queryable, raw, type Sql, sql } from '@wealist/kit/sql'

const columns = (role: Sql) => sql`w.id, w.name, w.description, w.is_public as "isPublic",
  w.requires_approval as "requiresApproval", w.only_owner_can_invite as "onlyOwnerCanInvite", w.owner_id as "ownerId",
  w.member_count as "memberCount", ${role} as role, w.version, w.created_at as "createdAt", w.updated_at as "updatedAt"`

// Of a deleted workspace members may be left for a while: whoever asks who is in one asks for a living one.
const living = sql`w.id = m.workspace_id and w.deleted_at is null`

/** Whether somebody is in a living workspace, with more than a member's role where `least` says so. */
export const isIn = ({ workspaceId, userId, least }: Whose & { least: 'member' | 'admin' }) =>
  sql`exists (select from members m join workspaces w on ${living} where m.workspace_id = ${workspaceId} and m.user_id = ${userId}
    ${least === 'admin' ? sql`and m.role <> 'member'` : empty})`

const afterName = (page: PageRequest) =>
  page.after ? sql`and (w.name, w.id) > (${page.after[0]}, ${page.after[1]}::uuid)` : empty

export const mine = (db: Queryable, { userId, page }: { userId: string; page: PageRequest }) =>
  db.page<Workspace>(page, {
    items: sql`select ${columns(sql`m.role`)} from members m join workspaces w on ${living}
      where m.user_id = ${userId} ${afterName(page)} order by w.name, w.id limit ${page.rows}`,
    keys: ['name', 'id'],
  })

export const discover = (db: Queryable, { userId, q, page }: { userId: string; q: string; page: PageRequest }) =>
  db.page<PublicWorkspace>(page, {
    items: sql`select w.id, w.name, w.description, w.requires_approval as "requiresApproval",
        w.member_count as "memberCount", m.role, exists (select from join_requests j
          where j.workspace_id = w.id and j.user_id = ${userId} and j.status = 'pending') as requested
      from workspaces w left join members m on m.workspace_id = w.id and m.user_id = ${userId}
      where w.is_public and w.deleted_at is null and w.name ilike ${containing(q)} ${afterName(page)}
      order by w.name, w.id limit ${page.rows}`,
    keys: ['name', 'id'],
    slow: true,
  })

interface Whose {
  workspaceId: string
  userId: string
}

export const get = (db: Queryable, { workspaceId, userId }: Whose) =>
  db.json<Workspace>(sql`select ${columns(sql`m.role`)} from workspaces w
    join members m on ${living} and m.user_id = ${userId} where w.id = ${workspaceId}`)

export const roleOf = async (db: Queryable, { workspaceId, userId }: Whose) =>
  (
    await db.row<{ role: WorkspaceRole }>(
      sql`select m.role from members m join workspaces w on ${living} where m.workspace_id = ${workspaceId} and m.user_id = ${userId}`,
    )
  )?.role

export interface Locked {
  id: string
  version: number
  isPublic: boolean
  requiresApproval: boolean
  onlyOwnerCanInvite: boolean
  memberCount: number
}

/** Two statements, so that the second sees what was committed while the first waited for the lock. */
export const lock = async (tx: Queryable, { workspaceId, userId }: Whose) => {
  const [workspace, role] = await Promise.all([
    tx.row<Locked>(sql`select id, version, is_public as "isPublic", requires_approval as "requiresApproval",
        only_owner_can_invite as "onlyOwnerCanInvite", member_count as "memberCount"
      from workspaces where id = ${workspaceId} and deleted_at is null for no key update`),
    roleOf(tx, { workspaceId, userId }),
  ])
  return { workspace, role }
}

export const insert = async (tx: Queryable, w: NewWorkspace & { id: string; ownerId: string }) => {
  const [, , made] = await Promise.all([
    tx.run(sql`insert into workspaces
        (id, name, description, is_public, requires_approval, only_owner_can_invite, owner_id, member_count, membership_version)
      values (${w.id}, ${w.name}, ${w.description}, ${w.isPublic}, ${w.requiresApproval}, ${w.onlyOwnerCanInvite}, ${w.ownerId}, 1, 1)`),
    tx.run(sql`insert into members (workspace_id, user_id, role) values (${w.id}, ${w.ownerId}, 'owner')`),
    get(tx, { workspaceId: w.id, userId: w.ownerId }),
  ])
  return made!
}

export const update = (
  tx: Queryable,
  { id, role, change: c }: { id: string; role: WorkspaceRole; change: WorkspaceChange },
) =>
  tx.json<Workspace>(sql`update workspaces w set name = coalesce(${c.name ?? null}, name),
      description = case when ${c.description !== undefined} then ${c.description ?? null} else description end,
      is_public = coalesce(${c.isPublic ?? null}, is_public),
      requires_approval = coalesce(${c.requiresApproval ?? null}, requires_approval),
      only_owner_can_invite = coalesce(${c.onlyOwnerCanInvite ?? null}, only_owner_can_invite),
      version = version + 1, updated_at = now()
    where w.id = ${id} returning ${columns(sql`${role}::text`)}`)

/** Marks locked workspaces as deleted: nobody is in them from here on. Gives their membership versions. */
export const remove = (tx: Queryable, ids: string[]) =>
  tx.rows<{ workspaceId: string; version: number }>(sql`update workspaces set deleted_at = now(), owner_id = null,
      member_count = 0, membership_version = membership_version + 1, version = version + 1
    where id = any(${ids}::uuid[]) returning id as "workspaceId", membership_version as version`)

// By place where nobody changes a row any more; an invitation may be declined right now.
const parts = [
  { part: raw('members'), key: raw('ctid') },
  { part: raw('invitations'), key: raw('id') },
  { part: raw('join_requests'), key: raw('id') },
]

/** Drops what was in deleted workspaces, at most `limit` rows of each kind; false where there may be more. */
export const dropSome = async (tx: Queryable, { ids, limit }: { ids: readonly string[]; limit: number }) => {
  const dropped = await Promise.all(
    parts.map(({ part, key }) =>
      tx.run(sql`delete from ${part} where ${key} = any(array(
        select ${key} from ${part} where workspace_id = any(${ids}::uuid[]) limit ${limit}))`),
    ),
  )
  return dropped.every((n) => n < limit)
}

/** Hands a locked workspace from its owner to a member. Gives the new membership version. */
export const transfer = async (tx: Queryable, { id, from, to }: { id: string; from: string; to: string }) => {
  const [, , row] = await Promise.all([
    tx.run(sql`update members set role = 'admin' where workspace_id = ${id} and user_id = ${from}`),
    tx.run(sql`update members set role = 'owner' where workspace_id = ${id} and user_id = ${to}`),
    tx.row<{ version: number }>(sql`update workspaces set owner_id = ${to}, version = version + 1, updated_at = now(),
      membership_version = membership_version + 1 where id = ${id} returning membership_version as version`),
  ])
  return row!.version
}

export interface Held {
  id: string
  name: string
  isOwner: boolean
  memberCount: number
}

/** Locks all workspaces a person is in, in the order of ids. */
export const lockAllOf = (tx: Queryable, userId: string) =>
  tx.rows<Held>(sql`select id, name, owner_id is not distinct from ${userId} as "isOwner", member_count as "memberCount"
    from workspaces where id in (select workspace_id from members where user_id = ${userId}) and deleted_at is null
    order by id for no key update`)

/** Takes a person out of locked workspaces. Gives the new membership versions. */
export const leaveAll = (tx: Queryable, { userId, ids }: { userId: string; ids: string[] }) =>
  tx.rows<{ workspaceId: string; version: number }>(sql`with gone as (
      delete from members where user_id = ${userId} and workspace_id = any(${ids}::uuid[]) returning workspace_id)
    update workspaces set member_count = member_count - 1, membership_version = membership_version + 1
    from gone where id = gone.workspace_id returning id as "workspaceId", membership_version as version`)
