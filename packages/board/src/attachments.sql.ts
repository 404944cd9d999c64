import type { Attachment, NewAttachment } from '@wealist/contract/board/attachments'
import { Json } from '@wealist/kit/json'
import { headOf, type Queryable, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'
import { counts } from './tasks.sql.ts'

export const columns = sql`a.id, a.task_id as "taskId", a.project_id as "projectId", a.name, a.content_type as "contentType",
  a.size, a.created_by as "createdBy", a.created_at as "createdAt"`

/** An attachment by its id and the task it is asked for under. */
export interface Named {
  id: string
  attachmentId: string
}

const named = ({ id, attachmentId }: Named) => sql`a.id = ${attachmentId} and a.task_id = ${id}`

/** The files of a task, of which there are few, with the seq they are at; nothing where the task is in the trash. */
export const list = (db: Queryable, { taskId, userId }: { taskId: string; userId: string }) =>
  db.scoped<Scope, { items: Attachment[]; nextCursor: null; seq: number }>({
    scope: scopeOf({ via: 'task', id: taskId, userId }),
    item: sql`select coalesce((select json_agg(to_json(o) order by o."createdAt", o.id) from (select ${columns} from attachments a
        where a.task_id = t.id and a.confirmed_at is not null) o), '[]') as items,
      null as "nextCursor", ${headOf(sql`'project:' || scope.id`)} as seq
      from tasks t where t.id = ${taskId} and t.deleted_at is null`,
  })

/** What a download needs, with the right to it. `key` is null where there is no such file. */
export const find = (db: Queryable, { id, attachmentId, userId }: Named & { userId: string }) =>
  db.row<Scope & ({ key: string; name: string; contentType: string } | { key: null })>(
    sql`select scope.*, a.key, a.name, a.content_type as "contentType" from (${scopeOf({ via: 'task', id, userId })}) scope
      left join (attachments a join tasks t on t.id = a.task_id and t.deleted_at is null)
        on ${named({ id, attachmentId })} and a.confirmed_at is not null`,
  )

/** Locks a living task, so that nobody else adds files to it, and counts those it has; undefined where it is gone. */
export const room = async (tx: Queryable, { taskId, userId }: { taskId: string; userId: string }) => {
  const [task, counted] = await Promise.all([
    tx.row(sql`select id from tasks where id = ${taskId} and deleted_at is null for no key update`),
    tx.row<{ all: number; pending: number }>(sql`select count(*)::int as all,
      (count(*) filter (where created_by = ${userId} and confirmed_at is null))::int as pending
      from attachments where task_id = ${taskId}`),
  ])
  return task && counted
}

export const issue = (
  tx: Queryable,
  a: NewAttachment & { id: string; taskId: string; projectId: string; key: string; createdBy: string },
) =>
  tx.run(sql`insert into attachments (id, task_id, project_id, key, name, content_type, size, created_by)
    values (${a.id}, ${a.taskId}, ${a.projectId}, ${a.key}, ${a.name}, ${a.contentType}, ${a.size}, ${a.createdBy})`)

/** An upload of this person, as it was announced. `expired` where it can no longer be confirmed. */
export interface Upload {
  key: string
  contentType: string
  size: number
  confirmed: boolean
  expired: boolean
}

export const mine = (db: Queryable, { userId, minutes, ...of }: Named & { userId: string; minutes: number }) =>
  db.row<Upload>(sql`select a.key, a.content_type as "contentType", a.size::int as size, a.confirmed_at is not null as confirmed,
      a.created_at < now() - make_interval(mins => ${minutes}) as expired
    from attachments a where ${named(of)} and a.created_by = ${userId}`)

export const confirmed = (db: Queryable, of: Named) =>
  db.json<Attachment>(sql`select ${columns} from attachments a join tasks t on t.id = a.task_id and t.deleted_at is null
    where ${named(of)} and a.confirmed_at is not null`)

/** Confirms and counts a pending one; nothing where it is not pending any more or its task is gone. */
export const confirm = async (tx: Queryable, of: Named & { userId: string }) => {
  const row = await tx.row<{ event: string; answer: string }>(sql`with a as (
      update attachments a set confirmed_at = now() where ${named(of)} and a.created_by = ${of.userId} and a.confirmed_at is null
      returning a.*),
    t as (update tasks t set attachment_count = attachment_count + 1 from a where t.id = a.task_id and t.deleted_at is null
      returning t.*)
    select to_json(answer)::text as answer, to_json(event)::text as event
    from (select ${columns} from a join t on true) answer, (select ${columns}, ${counts} from a join t on true) event`)
  return (
    row && {
      answer: new Json<Attachment>(row.answer),
      event: new Json<Attachment & { counts: object }>(row.event),
    }
  )
}

/** Locks one of a living task; says whose it is and whether it was confirmed. */
export const lock = (tx: Queryable, of: Named) =>
  tx.row<{ createdBy: string; confirmed: boolean }>(
    sql`select a.created_by as "createdBy", a.confirmed_at is not null as confirmed from attachments a
      where ${named(of)} and exists (select from tasks t where t.id = a.task_id and t.deleted_at is null) for update of a`,
  )

/** Deletes one, and takes a confirmed one off its task's count; `event` says so. */
export const remove = async (tx: Queryable, of: Named) => {
  const row = await tx.row<Dropped & { event: string | null }>(sql`with a as (
      delete from attachments a where ${named(of)} returning a.id, a.task_id, a.key, a.confirmed_at),
    t as (update tasks t set attachment_count = attachment_count - 1 from a where t.id = a.task_id and a.confirmed_at is not null
      returning t.*)
    select a.id, a.key, (select to_json(e)::text from (select a.id, t.id as "taskId", ${counts} from t) e) as event from a`)
  return row && { id: row.id, key: row.key, event: row.event === null ? undefined : new Json<object>(row.event) }
}

/** Drops an upload that nobody confirmed; gives whether there is a confirmed one under this id. */
export const expire = async (tx: Queryable, id: string) => {
  await tx.run(sql`delete from attachments where id = ${id} and confirmed_at is null`)
  return (await tx.row(sql`select id from attachments where id = ${id}`)) !== undefined
}

/** What is to go from S3, and from the log, when a row was deleted. */
export interface Dropped {
  id: string
  key: string
}

export const dropOfTasks = (tx: Queryable, taskIds: readonly string[]) =>
  tx.rows<Dropped>(sql`delete from attachments where task_id = any(${taskIds}::uuid[]) returning id, key`)

/** Drops at most `limit` of projects that were deleted longer than `days` ago. */
export const dropOfProjects = (tx: Queryable, { days, limit }: { days: number; limit: number }) =>
  tx.rows<Dropped>(sql`delete from attachments where id = any(array(
      select a.id from projects p join attachments a on a.project_id = p.id
      where p.deleted_at < now() - make_interval(days => ${days}) limit ${limit})) returning id, key`)
