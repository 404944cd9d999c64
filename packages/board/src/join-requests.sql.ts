import type { ProjectJoinRequest, ProjectJoinRequestStatus } from '@wealist/contract/board/join-requests'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, sql } from '@wealist/kit/sql'

const columns = sql`j.id, j.project_id as "projectId", j.user_id as "userId", j.message, j.status,
  j.created_at as "createdAt", j.decided_at as "decidedAt", j.decided_by as "decidedBy"`

interface Of {
  id: string
  projectId: string
}

/** Of everybody, or of one person. */
export const list = (
  db: Queryable,
  f: {
    projectId: string
    userId: string | undefined
    status: ProjectJoinRequestStatus | undefined
    page: PageRequest
  },
) =>
  db.page<ProjectJoinRequest>(f.page, {
    items: sql`select ${columns} from join_requests j where j.project_id = ${f.projectId}
        ${f.userId ? sql`and j.user_id = ${f.userId}` : empty} ${f.status ? sql`and j.status = ${f.status}` : empty}
        ${f.page.after ? sql`and (j.created_at, j.id) < (${f.page.after[0]}::timestamptz, ${f.page.after[1]}::uuid)` : empty}
      order by j.created_at desc, j.id desc limit ${f.page.rows}`,
    keys: ['createdAt', 'id'],
  })

/** Undefined where the person has a pending request already. */
export const insert = (tx: Queryable, j: Of & { userId: string; message: string }) =>
  tx.json<ProjectJoinRequest>(sql`insert into join_requests as j (id, project_id, user_id, message)
    values (${j.id}, ${j.projectId}, ${j.userId}, ${j.message})
    on conflict (project_id, user_id) where status = 'pending' do nothing returning ${columns}`)

/** Who asked; a request is looked for in its project only. */
export const asker = async (db: Queryable, { id, projectId }: Of) =>
  (
    await db.row<{ userId: string }>(
      sql`select user_id as "userId" from join_requests where id = ${id} and project_id = ${projectId}`,
    )
  )?.userId

/** Undefined where it is decided or taken back. */
export const decide = (tx: Queryable, d: { id: string; status: 'approved' | 'rejected'; by: string }) =>
  tx.json<ProjectJoinRequest>(sql`update join_requests j set status = ${d.status}, decided_at = now(), decided_by = ${d.by}
    where id = ${d.id} and status = 'pending' returning ${columns}`)

/** A person who comes in otherwise waits no more. */
export const settle = (tx: Queryable, s: { projectId: string; userId: string; by: string }) =>
  tx.run(sql`update join_requests set status = 'approved', decided_at = now(), decided_by = ${s.by}
    where project_id = ${s.projectId} and user_id = ${s.userId} and status = 'pending'`)

/** False where there is no pending one of this person. */
export const withdraw = async (tx: Queryable, { id, projectId, userId }: Of & { userId: string }) =>
  (await tx.run(sql`delete from join_requests
    where id = ${id} and project_id = ${projectId} and user_id = ${userId} and status = 'pending'`)) === 1

/** Ends what a person asked for in the projects of a workspace, or erases all that they ever asked for. */
export const end = (tx: Queryable, { userId, workspaceId }: { userId: string; workspaceId: string | undefined }) =>
  workspaceId === undefined
    ? tx.run(sql`delete from join_requests where user_id = ${userId}`)
    : tx.run(sql`delete from join_requests j using projects p where p.id = j.project_id and j.user_id = ${userId}
        and j.status = 'pending' and p.workspace_id = ${workspaceId}`)
