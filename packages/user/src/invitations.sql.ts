import type { Invitation, InvitationCard, InvitationStatus } from '@wealist/contract/user/invitations'
import type { GrantedRole } from '@wealist/contract/user/workspaces'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, sql } from '@wealist/kit/sql'
import type * as z from 'zod'
import { isIn } from './workspaces.sql.ts'

type Status = z.infer<typeof InvitationStatus>

// An invitation holds while who made it could make it again, by the rule of access.ts.
const holds = sql`i.expires_at > now() and exists (select from members m join workspaces w on w.id = m.workspace_id
  where m.workspace_id = i.workspace_id and m.user_id = i.invited_by
    and (m.role = 'owner' or m.role = 'admin' and i.role = 'member' and not w.only_owner_can_invite))`
/** Of an invitation `i`, as it is now. */
export const status = sql`case when i.status = 'pending' and not (${holds}) then 'expired' else i.status end`
const columns = sql`i.id, i.workspace_id as "workspaceId", i.email, i.role, ${status} as status,
  i.invited_by as "invitedBy", i.created_at as "createdAt", i.expires_at as "expiresAt"`

export const list = (
  db: Queryable,
  f: { workspaceId: string; viewer: string; status: Status | undefined; page: PageRequest },
) =>
  db.page<Invitation>(f.page, {
    items: sql`select ${columns} from invitations i where i.workspace_id = ${f.workspaceId}
        and ${isIn({ workspaceId: f.workspaceId, userId: f.viewer, least: 'admin' })}
        ${f.status ? sql`and ${status} = ${f.status}` : empty}
        ${f.page.after ? sql`and (i.created_at, i.id) < (${f.page.after[0]}::timestamptz, ${f.page.after[1]}::uuid)` : empty}
      order by i.created_at desc, i.id desc limit ${f.page.rows}`,
    keys: ['createdAt', 'id'],
  })

export interface Made {
  id: string
  workspaceId: string
  email: string
  role: GrantedRole
  tokenHash: Buffer
  invitedBy: string
}

/** A new invitation; a pending one to the same address gives way, and its link is dead. */
export const put = (tx: Queryable, i: Made) =>
  tx.json<Invitation>(sql`insert into invitations as i (id, workspace_id, email, role, token_hash, invited_by, expires_at)
    values (${i.id}, ${i.workspaceId}, ${i.email}, ${i.role}, ${i.tokenHash}, ${i.invitedBy}, now() + interval '7 days')
    on conflict (workspace_id, email) where status = 'pending' do update set id = excluded.id, role = excluded.role,
      token_hash = excluded.token_hash, invited_by = excluded.invited_by, created_at = now(), expires_at = excluded.expires_at
    returning ${columns}`)

/** Takes a pending invitation back. Gives the status of one that is not pending any more, nothing for one that is not there. */
export const remove = async (tx: Queryable, { id, workspaceId }: { id: string; workspaceId: string }) => {
  const [deleted, row] = await Promise.all([
    tx.run(sql`delete from invitations where id = ${id} and workspace_id = ${workspaceId} and status = 'pending'`),
    tx.row<{ status: Status }>(sql`select status from invitations where id = ${id} and workspace_id = ${workspaceId}`),
  ])
  return deleted === 1 ? 'pending' : row?.status
}

export const card = (db: Queryable, tokenHash: Buffer) =>
  db.json<InvitationCard>(sql`select w.name as "workspaceName", i.email, i.role, u.name as "invitedByName",
      ${status} as status, i.expires_at as "expiresAt"
    from invitations i join workspaces w on w.id = i.workspace_id and w.deleted_at is null join users u on u.id = i.invited_by
    where i.token_hash = ${tokenHash}`)

export interface Found {
  id: string
  workspaceId: string
  email: string
  role: GrantedRole
  status: Status
  invitedBy: string
}

export const byToken = (db: Queryable, tokenHash: Buffer) =>
  db.row<Found>(
    sql`select ${columns} from invitations i join workspaces w on w.id = i.workspace_id and w.deleted_at is null where i.token_hash = ${tokenHash}`,
  )

/**
 * Uses an invitation up; false where it is none any more. Whoever may lose the right to have made it locks the workspace,
 * so to accept one does as well.
 */
export const decide = async (
  tx: Queryable,
  { tokenHash, status: to }: { tokenHash: Buffer; status: 'accepted' | 'declined' },
) =>
  (await tx.run(sql`update invitations i set status = ${to}, decided_at = now()
    where i.token_hash = ${tokenHash} and ${status} = 'pending'`)) === 1

/** True where a member of the workspace has the address. */
export const isMember = async (tx: Queryable, { workspaceId, email }: { workspaceId: string; email: string }) =>
  (await tx.row(sql`select m.user_id from members m join users u on u.id = m.user_id
    where m.workspace_id = ${workspaceId} and u.email = ${email} and u.deleted_at is null`)) !== undefined
