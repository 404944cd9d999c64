import type { TrashedTask } from '@wealist/contract/board/trash'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'
import { columns } from './tasks.sql.ts'

export const list = (
  db: Queryable,
  { projectId, userId, page }: { projectId: string; userId: string; page: PageRequest },
) =>
  db.livePage<Scope, TrashedTask>(page, {
    scope: scopeOf({ via: 'project', id: projectId, userId }),
    topic: sql`'project:' || scope.id`,
    items: sql`select ${columns}, t.deleted_at as "deletedAt" from tasks t
      where t.project_id = scope.id and t.deleted_at is not null
      ${page.after ? sql`and (t.deleted_at, t.id) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : empty}
      order by t.deleted_at desc, t.id desc limit ${page.rows}`,
    keys: ['deletedAt', 'id'],
  })

const old = (days: number) => sql`deleted_at < now() - make_interval(days => ${days})`

/** Projects with tasks that lie in the trash for longer than `days`. */
export const projectsWithOld = async (db: Queryable, { days, limit }: { days: number; limit: number }) =>
  (
    await db.rows<{ projectId: string }>(
      sql`select distinct project_id as "projectId" from tasks where ${old(days)} limit ${limit}`,
      { slow: true },
    )
  ).map((t) => t.projectId)

/** Locks at most `limit` of those tasks of a project, the oldest; gives their ids. What was restored meanwhile is none of them. */
export const holdTasks = async (
  tx: Queryable,
  { projectId, days, limit }: { projectId: string; days: number; limit: number },
) =>
  (
    await tx.rows<{ id: string }>(
      sql`select id from tasks where id = any(array(select id from tasks where project_id = ${projectId} and ${old(days)}
        order by deleted_at, id limit ${limit})) and ${old(days)} order by id for update`,
    )
  ).map((t) => t.id)

export const dropTasks = (tx: Queryable, ids: readonly string[]) =>
  tx.run(sql`delete from tasks where id = any(${ids}::uuid[])`)

/** Drops at most `limit` tasks of projects that were deleted longer than `days` ago; gives how many. */
export const dropTasksOfProjects = (db: Queryable, { days, limit }: { days: number; limit: number }) =>
  db.run(
    sql`delete from tasks where id = any(array(select t.id from (select id from projects where ${old(days)}) p
    join tasks t on t.project_id = p.id limit ${limit}))`,
    { slow: true },
  )

/** Drops at most `limit` projects that were deleted longer than `days` ago, with all they had; gives how many. */
export const dropProjects = (db: Queryable, { days, limit }: { days: number; limit: number }) =>
  db.run(sql`delete from projects where id = any(array(select id from projects where ${old(days)} limit ${limit}))`, {
    slow: true,
  })
