import type { ChecklistItem } from '@wealist/contract/board/checklist'
import { Json } from '@wealist/kit/json'
import { headOf, type Queryable, type Sql, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'
import { counts } from './tasks.sql.ts'

const columns = sql`c.id, c.task_id as "taskId", c.project_id as "projectId", c.title, c.is_done as "isDone", c.rank, c.version,
  c.created_at as "createdAt", c.updated_at as "updatedAt"`

/** A step by its id and the task it is asked for under. */
export interface Named {
  id: string
  itemId: string
}

const named = ({ id, itemId }: Named) => sql`c.id = ${itemId} and c.task_id = ${id}`

/** The steps of a task, of which there are few, with the seq they are at; nothing where the task is in the trash. */
export const list = (db: Queryable, { taskId, userId }: { taskId: string; userId: string }) =>
  db.scoped<Scope, { items: ChecklistItem[]; nextCursor: null; seq: number }>({
    scope: scopeOf({ via: 'task', id: taskId, userId }),
    item: sql`select coalesce((select json_agg(to_json(o) order by o.rank, o.id) from (select ${columns} from checklist_items c
        where c.task_id = t.id) o), '[]') as items,
      null as "nextCursor", ${headOf(sql`'project:' || scope.id`)} as seq
      from tasks t where t.id = ${taskId} and t.deleted_at is null`,
  })

/** Locks a living task, under which its steps change one after the other; gives them in order. */
export const hold = async (tx: Queryable, taskId: string) => {
  // Two statements, since the first does not see what it waited for.
  const [task, items] = await Promise.all([
    tx.row(sql`select id from tasks where id = ${taskId} and deleted_at is null for no key update`),
    tx.rows<{ id: string; rank: string; version: number }>(
      sql`select id, rank, version from checklist_items where task_id = ${taskId} order by rank, id`,
    ),
  ])
  return task && items
}

export const insert = (
  tx: Queryable,
  c: { id: string; taskId: string; projectId: string; title: string; rank: string },
) =>
  counted(
    tx,
    sql`with c as (insert into checklist_items as c (id, task_id, project_id, title, rank)
        values (${c.id}, ${c.taskId}, ${c.projectId}, ${c.title}, ${c.rank}) returning c.*),
      t as (update tasks t set checklist_count = checklist_count + 1 from c where t.id = c.task_id returning t.*)`,
  )

export const update = (
  tx: Queryable,
  { title, isDone, rank, ...of }: Named & { title?: string | undefined; isDone?: boolean | undefined; rank: string },
) =>
  counted(
    tx,
    sql`with before as (select c.is_done from checklist_items c where ${named(of)}),
      c as (update checklist_items c set title = coalesce(${title ?? null}, title), is_done = coalesce(${isDone ?? null}, is_done),
        rank = ${rank}, version = version + 1, updated_at = now() where ${named(of)} returning c.*),
      t as (update tasks t set checklist_done = t.checklist_done + c.is_done::int - before.is_done::int from c, before
        where t.id = c.task_id returning t.*)`,
  )

/** What its event says; undefined where it is gone. */
export const remove = async (tx: Queryable, of: Named) => {
  const row = await tx.row<{
    event: string
  }>(sql`with c as (delete from checklist_items c where ${named(of)} returning c.*),
    t as (update tasks t set checklist_count = checklist_count - 1, checklist_done = t.checklist_done - c.is_done::int from c
      where t.id = c.task_id returning t.*)
    select to_json(e)::text as event from (select c.id, t.id as "taskId", ${counts} from c, t) e`)
  return row && new Json<object>(row.event)
}

/** The ids of all steps of tasks. */
export const idsOf = async (tx: Queryable, taskIds: readonly string[]) =>
  (await tx.rows<{ id: string }>(sql`select id from checklist_items where task_id = any(${taskIds}::uuid[])`)).map(
    (c) => c.id,
  )

// `changing` names the row `c` and its task `t`, counted anew.
const counted = async (tx: Queryable, changing: Sql) => {
  const row = await tx.row<{ answer: string; event: string }>(sql`${changing}
    select to_json(answer)::text as answer, to_json(event)::text as event
    from (select ${columns} from c) answer, (select ${columns}, ${counts} from c, t) event`)
  if (!row) throw new Error('a step whose task was locked is gone')
  return { answer: new Json<ChecklistItem>(row.answer), event: new Json<object>(row.event) }
}
