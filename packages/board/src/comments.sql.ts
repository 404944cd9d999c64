import type { Comment } from '@wealist/contract/board/comments'
import { Json } from '@wealist/kit/json'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, type Sql, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'
import { counts } from './tasks.sql.ts'

const columns = sql`c.id, c.task_id as "taskId", c.project_id as "projectId", c.parent_id as "parentId", c.author_id as "authorId",
  c.author_name as "authorName", c.content, c.mentions, c.version, c.created_at as "createdAt", c.updated_at as "updatedAt",
  c.deleted_at as "deletedAt"`

export const list = (db: Queryable, { taskId, userId, page }: { taskId: string; userId: string; page: PageRequest }) =>
  db.livePage<Scope, Comment>(page, {
    scope: sql`${scopeOf({ via: 'task', id: taskId, userId })}
      and exists (select from tasks t where t.id = ${taskId} and t.deleted_at is null)`,
    topic: sql`'project:' || scope.id`,
    items: sql`select ${columns} from comments c where c.task_id = ${taskId}
      ${page.after ? sql`and (c.created_at, c.id) > (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : empty}
      order by c.created_at, c.id limit ${page.rows}`,
    keys: ['createdAt', 'id'],
  })

/** Locks a living task; gives how many comments it ever had: of the deleted ones a row stays. Undefined where it is gone. */
export const hold = (tx: Queryable, taskId: string) =>
  tx.row<{ comments: number }>(sql`select comment_count + deleted_comment_count as comments
    from tasks where id = ${taskId} and deleted_at is null for no key update`)

/** The thread of a comment that can be answered: the comment it began with. */
export const threadOf = (tx: Queryable, { id, taskId }: { id: string; taskId: string }) =>
  tx.row<{ root: string }>(
    sql`select coalesce(parent_id, id) as root from comments where id = ${id} and task_id = ${taskId} and deleted_at is null`,
  )

export interface NewRow {
  id: string
  taskId: string
  projectId: string
  parentId: string | null
  authorId: string
  authorName: string
  content: string
  mentions: readonly string[]
}

export const insert = (tx: Queryable, c: NewRow) =>
  counted(
    tx,
    sql`with c as (insert into comments as c (id, task_id, project_id, parent_id, author_id, author_name, content, mentions)
        values (${c.id}, ${c.taskId}, ${c.projectId}, ${c.parentId}, ${c.authorId}, ${c.authorName}, ${c.content}, ${c.mentions}::uuid[])
        returning c.*),
      t as (update tasks t set comment_count = comment_count + 1 from c where t.id = c.task_id returning t.*)`,
  )

/** Locks a comment that is there, on a task that is; undefined where either is gone. */
export const lock = (tx: Queryable, id: string) =>
  tx.row<{ taskId: string; authorId: string; version: number; mentions: string[] }>(
    sql`select c.task_id as "taskId", c.author_id as "authorId", c.version, c.mentions from comments c
      join tasks t on t.id = c.task_id and t.deleted_at is null
      where c.id = ${id} and c.deleted_at is null for no key update of c`,
  )

export const update = (
  tx: Queryable,
  { id, content, mentions }: { id: string; content?: string | undefined; mentions?: readonly string[] | undefined },
) =>
  tx.json<Comment>(sql`update comments c set content = coalesce(${content ?? null}, content),
      mentions = coalesce(${mentions ?? null}::uuid[], mentions), version = version + 1, updated_at = now()
    where id = ${id} returning ${columns}`)

/** Leaves the mark of a comment that was locked. */
export const blank = (tx: Queryable, id: string) =>
  counted(
    tx,
    sql`with c as (update comments c set content = '', mentions = '{}', version = version + 1, updated_at = now(), deleted_at = now()
        where id = ${id} returning c.*),
      t as (update tasks t set comment_count = comment_count - 1, deleted_comment_count = deleted_comment_count + 1 from c where t.id = c.task_id returning t.*)`,
  )

/** The ids of all comments on tasks. */
export const idsOf = async (tx: Queryable, taskIds: readonly string[]) =>
  (await tx.rows<{ id: string }>(sql`select id from comments where task_id = any(${taskIds}::uuid[])`)).map((c) => c.id)

// `changing` names the row `c` and its task `t`, counted anew.
const counted = async (tx: Queryable, changing: Sql) => {
  const row = await tx.row<{ answer: string; event: string }>(sql`${changing}
    select to_json(answer)::text as answer, to_json(event)::text as event
    from (select ${columns} from c) answer, (select ${columns}, ${counts} from c, t) event`)
  if (!row) throw new Error('a comment whose task was locked is gone')
  return { answer: new Json<Comment>(row.answer), event: new Json<object>(row.event) }
}
