import type { JoinRequest, JoinRequestStatus } from '@wealist/contract/user/join-requests'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, sql } from '@wealist/kit/sql'
import type * as z from 'zod'
import { avatarUrl } from './users.sql.ts'
import { isIn } from './workspaces.sql.ts'

type Status = z.infer<typeof JoinRequestStatus>

const columns = (assets: string) => sql`j.id, j.workspace_id as "workspaceId", j.user_id as "userId", u.name,
  ${avatarUrl(assets, 'u')}, j.message, j.status, j.created_at as "createdAt", j.decided_at as "decidedAt",
  j.decided_by as "decidedBy"`

export const list = (
  db: Queryable,
  assets: string,
  f: { workspaceId: string; viewer: string; status: Status | undefined; page: PageRequest },
) =>
  db.page<JoinRequest>(f.page, {
    items: sql`select ${columns(assets)} from join_requests j join users u on u.id = j.user_id
      where j.workspace_id = ${f.workspaceId}
        and ${isIn({ workspaceId: f.workspaceId, userId: f.viewer, least: 'admin' })}
        ${f.status ? sql`and j.status = ${f.status}` : empty}
        ${f.page.after ? sql`and (j.created_at, j.id) < (${f.page.after[0]}::timestamptz, ${f.page.after[1]}::uuid)` : empty}
      order by j.created_at desc, j.id desc limit ${f.page.rows}`,
    keys: ['createdAt', 'id'],
  })

export const get = (db: Queryable, assets: string, id: string) =>
  db.json<JoinRequest>(
    sql`select ${columns(assets)} from join_requests j join users u on u.id = j.user_id where j.id = ${id}`,
  )

/** False where the person has a pending request already. */
export const insert = async (
  tx: Queryable,
  j: { id: string; workspaceId: string; userId: string; message: string | null },
) =>
  (await tx.run(sql`insert into join_requests (id, workspace_id, user_id, message)
    values (${j.id}, ${j.workspaceId}, ${j.userId}, ${j.message})
    on conflict (workspace_id, user_id) where status = 'pending' do nothing`)) === 1

/** Who asked; a request is looked for in its workspace only. */
export const asker = async (db: Queryable, { id, workspaceId }: { id: string; workspaceId: string }) =>
  (
    await db.row<{ userId: string }>(
      sql`select user_id as "userId" from join_requests where id = ${id} and workspace_id = ${workspaceId}`,
    )
  )?.userId

/** False where it is decided already. */
export const decide = async (tx: Queryable, d: { id: string; status: 'approved' | 'rejected'; by: string }) =>
  (await tx.run(sql`update join_requests set status = ${d.status}, decided_at = now(), decided_by = ${d.by}
    where id = ${d.id} and status = 'pending'`)) === 1
