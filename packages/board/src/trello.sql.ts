import { type Queryable, sql } from '@wealist/kit/sql'
import type { Mapped } from './trello-map.ts'

interface Into {
  projectId: string
  userId: string
}

export const labels = (tx: Queryable, { projectId }: Into, rows: Mapped['labels']) =>
  tx.run(sql`insert into labels (id, project_id, name, color) select id, ${projectId}, name, color
    from json_to_recordset(${JSON.stringify(rows)}::json) as t(id uuid, name text, color text)`)

export const fields = (tx: Queryable, { projectId }: Into, rows: Mapped['fields']) =>
  tx.run(sql`insert into fields (id, project_id, name, type, options, rank) select id, ${projectId}, name, type, options, rank
    from json_to_recordset(${JSON.stringify(rows)}::json) as t(id uuid, name text, type text, options jsonb, rank text)`)

/** Tasks with what they carry; what is counted is inserted after them. */
export const tasks = (tx: Queryable, { projectId, userId }: Into, { tasks: rows, steps, comments }: Mapped) => {
  const commented = Map.groupBy(comments, (c) => c.taskId)
  const listed = Map.groupBy(steps, (s) => s.taskId)
  const counted = rows.map((t) => ({
    ...t,
    comments: commented.get(t.id)?.length ?? 0,
    steps: listed.get(t.id)?.length ?? 0,
    done: listed.get(t.id)?.filter((s) => s.isDone).length ?? 0,
  }))
  return tx.run(sql`insert into tasks (id, project_id, board_id, title, description, priority, status, due_date, label_ids,
      fields, rank, created_by, deleted_at, comment_count, checklist_count, checklist_done)
    select id, ${projectId}, "boardId", title, description, 'medium', status, "dueDate", "labelIds",
      fields, rank, ${userId}, case when archived then now() end, comments, steps, done
    from json_to_recordset(${JSON.stringify(counted)}::json) as t(id uuid, "boardId" uuid, title text, description text,
      status text, "dueDate" timestamptz, "labelIds" uuid[], fields jsonb, rank text, archived boolean,
      comments int, steps int, done int)`)
}

export const steps = (tx: Queryable, { projectId }: Into, rows: Mapped['steps']) =>
  tx.run(sql`insert into checklist_items (id, task_id, project_id, title, is_done, rank)
    select id, "taskId", ${projectId}, title, "isDone", rank from json_to_recordset(${JSON.stringify(rows)}::json)
      as t(id uuid, "taskId" uuid, title text, "isDone" boolean, rank text)`)

/** By who imports them, with the names and times of who wrote them. */
export const comments = (tx: Queryable, { projectId, userId }: Into, rows: Mapped['comments']) =>
  tx.run(sql`insert into comments (id, task_id, project_id, author_id, author_name, content, created_at, updated_at)
    select id, "taskId", ${projectId}, ${userId}, "authorName", content, "createdAt", "createdAt"
    from json_to_recordset(${JSON.stringify(rows)}::json)
      as t(id uuid, "taskId" uuid, "authorName" text, content text, "createdAt" timestamptz)`)
