import type { NewTask, Task, TaskChange } from '@wealist/contract/board/tasks'
import { Json } from '@wealist/kit/json'
import type { PageRequest } from '@wealist/kit/page'
import { empty, type Queryable, sql } from '@wealist/kit/sql'
import { type Scope, scopeOf } from './access.sql.ts'

/** The counts of a task, as its row and the events of what they count show them. */
export const counts = sql`(select c from (select t.comment_count as comments, t.attachment_count as attachments,
  t.checklist_count as checklist, t.checklist_done as "checklistDone") c) as counts`

/** A task as answers and events show it, from `tasks t`. */
export const columns = sql`t.id, t.project_id as "projectId", t.board_id as "boardId", t.title, t.description, t.priority, t.status,
  t.due_date as "dueDate", t.assignee_id as "assigneeId", t.label_ids as "labelIds", t.fields, t.watcher_ids as "watcherIds",
  ${counts}, t.rank, t.version, t.created_by as "createdBy",
  t.created_at as "createdAt", t.updated_at as "updatedAt"`

export const list = (
  db: Queryable,
  { boardId, userId, page }: { boardId: string; userId: string; page: PageRequest },
) =>
  db.livePage<Scope, Task>(page, {
    scope: scopeOf({ via: 'board', id: boardId, userId }),
    topic: sql`'project:' || scope.id`,
    items: sql`select ${columns} from tasks t where t.board_id = ${boardId} and t.deleted_at is null
      ${page.after ? sql`and (t.rank, t.id) > (${page.after[0]} collate "C", ${page.after[1]}::uuid)` : empty}
      order by t.rank, t.id limit ${page.rows}`,
    keys: ['rank', 'id'],
  })

export const get = (db: Queryable, { id, userId }: { id: string; userId: string }) =>
  db.scoped<Scope, Task>({
    scope: scopeOf({ via: 'task', id, userId }),
    item: sql`select ${columns} from tasks t where t.id = ${id} and t.deleted_at is null`,
  })

export const insert = (
  tx: Queryable,
  t: Omit<NewTask, 'position'> & { id: string; projectId: string; boardId: string; rank: string; createdBy: string },
) =>
  tx.json<Task>(sql`insert into tasks as t
      (id, project_id, board_id, title, description, priority, status, due_date, assignee_id, label_ids, fields, rank, created_by)
    values (${t.id}, ${t.projectId}, ${t.boardId}, ${t.title}, ${t.description}, ${t.priority}, ${t.status}, ${t.dueDate},
      ${t.assigneeId}, ${t.labelIds}::uuid[], ${JSON.stringify(t.fields)}::jsonb, ${t.rank}, ${t.createdBy}) returning ${columns}`)

/** What a task was before it was changed. */
export interface Before {
  status: Task['status']
  assigneeId: string | null
}

/** The changed task, and what it was; undefined where it is gone or not at that version any more. */
export const update = async (
  tx: Queryable,
  { id, change: c, version }: { id: string; change: TaskChange; version: number | undefined },
) => {
  const row = await tx.row<{ text: string; version: number; before: Before }>(sql`with before as (
      select id, status, assignee_id as "assigneeId" from tasks
      where id = ${id} and deleted_at is null and (${version ?? null}::int is null or version = ${version ?? null}) for no key update)
    update tasks t set title = coalesce(${c.title ?? null}, title), description = coalesce(${c.description ?? null}, description),
      priority = coalesce(${c.priority ?? null}, priority), status = coalesce(${c.status ?? null}, t.status),
      due_date = case when ${c.dueDate !== undefined} then ${c.dueDate ?? null}::timestamptz else due_date end,
      assignee_id = case when ${c.assigneeId !== undefined} then ${c.assigneeId ?? null}::uuid else assignee_id end,
      label_ids = coalesce(${c.labelIds ?? null}::uuid[], label_ids),
      fields = case when ${c.fields !== undefined} then jsonb_strip_nulls(t.fields || ${JSON.stringify(c.fields ?? {})}::jsonb) else t.fields end,
      version = version + 1, updated_at = now()
    from before where t.id = before.id
    returning (select to_json(shown) from (select ${columns}) shown)::text as text, t.version, to_json(before) as before`)
  return row && { task: new Json<Task>(row.text), version: row.version, before: row.before }
}

/** Puts a living task at a place. Its content does not change, so neither does its version. */
export const place = (tx: Queryable, { id, boardId, rank }: { id: string; boardId: string; rank: string }) =>
  tx.json<Task>(sql`update tasks t set board_id = ${boardId}, rank = ${rank}, updated_at = now()
    where id = ${id} and deleted_at is null returning ${columns}`)

export const trash = (tx: Queryable, id: string) =>
  tx.run(
    sql`update tasks set deleted_at = now(), version = version + 1, updated_at = now() where id = ${id} and deleted_at is null`,
  )

/** The board of a task in the trash. */
export const inTrash = (tx: Queryable, id: string) =>
  tx.row<{ boardId: string }>(sql`select board_id as "boardId" from tasks where id = ${id} and deleted_at is not null`)

export const restore = (tx: Queryable, { id, rank }: { id: string; rank: string }) =>
  tx.json<Task>(
    sql`update tasks t set deleted_at = null, rank = ${rank}, version = version + 1, updated_at = now()
      where id = ${id} and deleted_at is not null returning ${columns}`,
  )

export const lastRank = async (tx: Queryable, boardId: string) =>
  (
    await tx.row<{ rank: string }>(
      sql`select rank from tasks where board_id = ${boardId} and deleted_at is null order by rank desc limit 1`,
    )
  )?.rank ?? null

/** Whether the person has the task now. */
export const isAssigned = async (tx: Queryable, { id, userId }: { id: string; userId: string }) =>
  (await tx.row(sql`select from tasks where id = ${id} and assignee_id = ${userId}`)) !== undefined

/** The ranks around an index of a board, the task that is being placed left out: before, after; null at an end. */
export const around = async (
  tx: Queryable,
  { boardId, position, except }: { boardId: string; position: number; except: string },
) => {
  const rows = await tx.rows<{
    rank: string
  }>(sql`select rank from tasks where board_id = ${boardId} and deleted_at is null and id <> ${except}
    order by rank offset ${Math.max(position - 1, 0)} limit 2`)
  if (position === 0) return { before: null, after: rows[0]?.rank ?? null }
  if (rows.length === 0) return { before: await lastRankBut(tx, boardId, except), after: null }
  return { before: rows[0]!.rank, after: rows[1]?.rank ?? null }
}

const lastRankBut = async (tx: Queryable, boardId: string, except: string) =>
  (
    await tx.row<{ rank: string }>(
      sql`select rank from tasks where board_id = ${boardId} and deleted_at is null and id <> ${except} order by rank desc limit 1`,
    )
  )?.rank ?? null

/** The living tasks of a board in order, the first `limit` of them where it is told. */
export const idsOf = async (tx: Queryable, { boardId, limit }: { boardId: string; limit?: number }) =>
  (
    await tx.rows<{ id: string }>(
      sql`select id from tasks where board_id = ${boardId} and deleted_at is null order by rank, id limit ${limit ?? null}`,
    )
  ).map((r) => r.id)

/** Places many at once; gives each whole row as JSON text, in their order. */
export const placeAll = (tx: Queryable, { boardId, ids, ranks }: { boardId: string; ids: string[]; ranks: string[] }) =>
  tx.rows<{ id: string; task: Task }>(sql`with placed as (
      update tasks t set board_id = ${boardId}, rank = given.rank, updated_at = now()
      from unnest(${ids}::uuid[], ${ranks}::text[]) as given(id, rank) where t.id = given.id and t.deleted_at is null returning ${columns})
    select id, to_json(placed) as task from placed order by rank collate "C"`)

/** Moves at most `limit` tasks that lie in the trash; gives how many. */
export const moveTrash = (tx: Queryable, { from, to, limit }: { from: string; to: string; limit: number }) =>
  tx.run(sql`update tasks set board_id = ${to} where id = any(array(
    select id from tasks where board_id = ${from} and deleted_at is not null limit ${limit})) and deleted_at is not null`)
