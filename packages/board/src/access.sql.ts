import type { ProjectRole } from '@wealist/contract/board/projects'
import { type Queryable, raw, type Sql, sql } from '@wealist/kit/sql'
import type { Place } from './places.ts'

/** What a right on a project rests on, besides the workspace. */
export interface Scope {
  id: string
  workspaceId: string
  visibility: 'workspace' | 'private'
  role: ProjectRole | null
  /** Somebody owns it; false where everybody who was in it has left. */
  owned: boolean
}

/** By what a project is named: itself, or a board, a task or a comment of it. */
export type Via = 'project' | 'board' | 'task' | 'comment'

const tables = { board: raw('boards'), task: raw('tasks'), comment: raw('comments') }

const projectOf = (via: Via, id: string): Sql =>
  via === 'project' ? sql`${id}::uuid` : sql`(select project_id from ${tables[via]} where id = ${id})`

/** Whether somebody owns project `p`. */
export const owned = sql`exists (select from project_members o where o.project_id = p.id and o.role = 'owner')`

/** The scope row of a read, for `scoped` and `livePage`. */
export const scopeOf = ({ via, id, userId }: { via: Via; id: string; userId: string }) =>
  sql`select p.id, p.workspace_id as "workspaceId", p.visibility, m.role, ${owned} as owned from projects p
    left join project_members m on m.project_id = p.id and m.user_id = ${userId}
    where p.id = ${projectOf(via, id)} and p.deleted_at is null`

export const scope = (db: Queryable, of: { via: Via; id: string; userId: string }) => db.row<Scope>(scopeOf(of))

export const place = (db: Queryable, via: Via, id: string) =>
  db.row<Place>(
    sql`select id as "projectId", workspace_id as "workspaceId" from projects where id = ${projectOf(via, id)} and deleted_at is null`,
  )

/**
 * The same, with the member row locked: who removes or demotes the actor waits, or has come first. `alone` for changes
 * of that row itself: two of them wait for each other.
 */
export const lockRight = (
  tx: Queryable,
  { projectId, userId, alone }: { projectId: string; userId: string; alone: boolean },
) =>
  tx.row<Scope>(sql`select p.id, p.workspace_id as "workspaceId", p.visibility, m.role, ${owned} as owned from projects p
    left join (select role from project_members where project_id = ${projectId} and user_id = ${userId}
      for ${alone ? sql`update` : sql`share`}) m on true
    where p.id = ${projectId} and p.deleted_at is null`)
