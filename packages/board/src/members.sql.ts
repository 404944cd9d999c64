import type { ProjectMember } from '@wealist/contract/board/members'
import type { ProjectRole } from '@wealist/contract/board/projects'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'

const columns = sql`m.project_id as "projectId", m.user_id as "userId", m.role, m.joined_at as "joinedAt"`

/** Somebody who leaves a workspace, or for good; `before` the time at which they did. */
export interface Leaving {
  userId: string
  workspaceId?: string | undefined
  before?: string | undefined
}

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
      order by m.joined_at, m.user_id limit ${page.rows}`,
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

/**
 * Takes a person out of projects of a workspace, or of any, that they were in at a time, now unless told; `limit` of them
 * at most. Gives where they were, as what, and that time.
 */
export const removeEverywhere = (tx: Queryable, { userId, workspaceId, before, limit }: Leaving & { limit: number }) =>
  tx.rows<{ projectId: string; role: ProjectRole; before: string }>(sql`delete from project_members
    where user_id = ${userId} and project_id = any(array(select m.project_id from project_members m join projects p on p.id = m.project_id
      where m.user_id = ${userId} and (${workspaceId ?? null}::uuid is null or p.workspace_id = ${workspaceId ?? null})
        and (${before ?? null}::timestamptz is null or m.joined_at <= ${before ?? null}) limit ${limit}))
    returning project_id as "projectId", role, coalesce(${before ?? null}, now()::text) as before`)

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
