import type { Member } from '@wealist/contract/user/members'
import type { GrantedRole } from '@wealist/contract/user/workspaces'
import type { PageRequest } from '@wealist/kit/page'
import { containing, empty, type Queryable, sql } from '@wealist/kit/sql'
import { avatarUrl } from './users.sql.ts'
import { isIn } from './workspaces.sql.ts'

const columns = (assets: string) =>
  sql`m.user_id as "userId", u.name, u.email, ${avatarUrl(assets, 'u')}, m.role, m.joined_at as "joinedAt"`

interface Whose {
  workspaceId: string
  userId: string
}

export const list = (
  db: Queryable,
  assets: string,
  { workspaceId, viewer, q, page }: { workspaceId: string; viewer: string; q: string; page: PageRequest },
) => {
  const matching = q === '' ? empty : sql`and (u.name ilike ${containing(q)} or u.email ilike ${containing(q)})`
  const after = page.after
    ? sql`and (m.joined_at, m.user_id) > (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)`
    : empty
  return db.page<Member>(page, {
    items: sql`select ${columns(assets)} from members m join users u on u.id = m.user_id
      where m.workspace_id = ${workspaceId} and ${isIn({ workspaceId, userId: viewer, least: 'member' })} ${matching} ${after}
      order by m.joined_at, m.user_id limit ${page.rows}`,
    keys: ['joinedAt', 'userId'],
    slow: q !== '',
  })
}

export const get = (db: Queryable, assets: string, { workspaceId, userId }: Whose) =>
  db.json<Member>(sql`select ${columns(assets)} from members m join users u on u.id = m.user_id
    where m.workspace_id = ${workspaceId} and m.user_id = ${userId}`)

const raise = (tx: Queryable, workspaceId: string, by: -1 | 0 | 1) =>
  tx.row<{ version: number }>(sql`update workspaces set member_count = member_count + ${by},
    membership_version = membership_version + 1 where id = ${workspaceId} returning membership_version as version`)

/**
 * Brings a person into a locked workspace and settles their request to join. Gives the new membership version; nothing
 * where they are in it already.
 */
export const insert = async (tx: Queryable, m: Whose & { role: GrantedRole; by: string | null }) => {
  const added = await tx.run(sql`insert into members (workspace_id, user_id, role)
    values (${m.workspaceId}, ${m.userId}, ${m.role}) on conflict do nothing`)
  if (added === 0) return undefined
  const [row] = await Promise.all([
    raise(tx, m.workspaceId, 1),
    tx.run(sql`update join_requests set status = 'approved', decided_at = now(), decided_by = ${m.by}
      where workspace_id = ${m.workspaceId} and user_id = ${m.userId} and status = 'pending'`),
  ])
  return row!.version
}

export const update = async (tx: Queryable, m: Whose & { role: GrantedRole }) => {
  const [, row] = await Promise.all([
    tx.run(sql`update members set role = ${m.role} where workspace_id = ${m.workspaceId} and user_id = ${m.userId}`),
    raise(tx, m.workspaceId, 0),
  ])
  return row!.version
}

/** Also takes back invitations to their address from before: by one they would come back, and with its role. */
export const remove = async (tx: Queryable, { workspaceId, userId }: Whose) => {
  const [, , row] = await Promise.all([
    tx.run(sql`delete from members where workspace_id = ${workspaceId} and user_id = ${userId}`),
    tx.run(sql`delete from invitations where workspace_id = ${workspaceId} and status = 'pending'
      and email = (select email from users where id = ${userId})`),
    raise(tx, workspaceId, -1),
  ])
  return row!.version
}
