import type { ProjectMember } from '@wealist/contract/board/members'
import type { ProjectRole } from '@wealist/contract/board/projects'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'

const columns = sql`m.project_id as "projectId", m.user_id as "userId", m.role, m.joined_at as "joinedAt"`

interface Who {
  projectId: string
  userId: string
}

export const list = (db: Queryable, { projectId, userId, page }: Who & { page: PageRequest }) =>
  db.livePage<Scope, ProjectMember>(page, {
    scope: scopeOf({ via: 'project', id: projectId, userId }),
    topic: sql`'project:' || scope.id`,
    items: sql`select ${columns} from project_members m where m.project_id = ${projectId}
      ${page.after ? sql`and (m.joined_at, m.user_id) > (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : empty}
      order by m.joined_at, m.user_id limit ${page.limit + 1}`,
    keys: ['joinedAt', 'userId'],
  })

export const insert = (tx: Queryable, { projectId, userId, role }: Who & { role: ProjectRole }) =>
  tx.json<ProjectMember>(sql`insert into project_members as m (project_id, user_id, role) values (${projectId}, ${userId}, ${role})
    on conflict do nothing returning ${columns}`)

export const owner = async (tx: Queryable, projectId: string) =>
  (
    await tx.row<{ id: string }>(
      sql`select user_id as id from project_members where project_id = ${projectId} and role = 'owner'`,
    )
  )?.id

export const lock = (tx: Queryable, { projectId, userId }: Who) =>
  tx.row<{ role: ProjectRole }>(
    sql`select role from project_members where project_id = ${projectId} and user_id = ${userId} for update`,
  )

export const setRole = (tx: Queryable, { projectId, userId, role }: Who & { role: ProjectRole }) =>
  tx.json<ProjectMember>(
    sql`update project_members m set role = ${role} where project_id = ${projectId} and user_id = ${userId} returning ${columns}`,
  )

export const remove = (tx: Queryable, { projectId, userId }: Who) =>
  tx.run(sql`delete from project_members where project_id = ${projectId} and user_id = ${userId}`)

/** Takes a person out of the projects of a workspace, or of all; gives where they were, and as what. */
export const removeEverywhere = (
  tx: Queryable,
  { userId, workspaceId }: { userId: string; workspaceId: string | undefined },
) =>
  tx.rows<{ projectId: string; role: ProjectRole }>(sql`delete from project_members m using projects p
    where p.id = m.project_id and m.user_id = ${userId} and (${workspaceId ?? null}::uuid is null or p.workspace_id = ${workspaceId ?? null})
    returning m.project_id as "projectId", m.role`)

/** Makes the most senior member the owner of a project that lost its own; undefined where nobody is left. */
export const promote = (tx: Queryable, projectId: string) =>
  tx.json<ProjectMember>(sql`update project_members m set role = 'owner' where project_id = ${projectId} and user_id = (
      select user_id from project_members where project_id = ${projectId}
      order by array_position(array['admin', 'member', 'viewer'], role), joined_at, user_id limit 1)
    returning ${columns}`)

/** Keeps members of a project in it until the transaction ends; gives those who are there. */
export const hold = async (tx: Queryable, { projectId, userIds }: { projectId: string; userIds: readonly string[] }) =>
  (
    await tx.rows<{ id: string }>(sql`select user_id as id from project_members
      where project_id = ${projectId} and user_id = any(${userIds}::uuid[]) order by user_id for key share`)
  ).map((m) => m.id)
