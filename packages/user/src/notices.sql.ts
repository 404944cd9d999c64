import { type Queryable, sql } from '@wealist/kit/sql'
import { status } from './invitations.sql.ts'

interface Invited {
  workspaceId: string
  workspaceName: string
  actorId: string
  actorName: string
  role: 'admin' | 'member'
  recipient: string
}

/** An invitation that still waits, addressed to somebody who has an account. */
export const invited = (db: Queryable, invitationId: string) =>
  db.row<Invited>(sql`select w.id as "workspaceId", w.name as "workspaceName", a.id as "actorId", a.name as "actorName", i.role, p.id as recipient
    from invitations i join workspaces w on w.id = i.workspace_id and w.deleted_at is null
    join users a on a.id = i.invited_by join users p on p.email = i.email and p.deleted_at is null
    where i.id = ${invitationId} and ${status} = 'pending'`)

/** What a change of somebody's role is told with; undefined where the workspace is gone or they are not in it any more. */
export const changed = (
  db: Queryable,
  { workspaceId, userId, actorId }: { workspaceId: string; userId: string; actorId: string },
) =>
  db.row<{ workspaceName: string; actorName: string }>(sql`select w.name as "workspaceName", a.name as "actorName"
    from members m join workspaces w on w.id = m.workspace_id and w.deleted_at is null join users a on a.id = ${actorId}
    where m.workspace_id = ${workspaceId} and m.user_id = ${userId}`)
