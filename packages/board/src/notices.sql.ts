import { type Queryable, type Sql, sql } from '@wealist/kit/sql'

interface InProject {
  projectId: string
  projectName: string
}
export interface OfTask extends InProject {
  taskId: string
  taskTitle: string
}

const ofTask = sql`p.workspace_id as "workspaceId", json_build_object(
  'projectId', p.id, 'projectName', p.name, 'taskId', t.id, 'taskTitle', t.title) as task`
const alive = sql`join projects p on p.id = t.project_id and p.deleted_at is null`
const followers = sql`array[t.created_by, t.assignee_id] || t.watcher_ids`

/** Those of an array of people who may know of project `p`, as far as their workspace lets them; each once. */
const seeing = (people: Sql) => sql`array(select distinct who from unnest(${people}) who
  where who is not null and (p.visibility = 'workspace'
    or exists (select from project_members m where m.project_id = p.id and m.user_id = who)))`

/** A task with those who follow it, and `assigneeId` if they can see it. Nothing where it is gone or in the trash. */
export const task = (db: Queryable, { taskId, assigneeId }: { taskId: string; assigneeId: string | null }) =>
  db.row<{ workspaceId: string; task: OfTask; assigned: string[]; followers: string[] }>(sql`
    select ${ofTask}, ${seeing(sql`array[${assigneeId}::uuid]`)} as assigned, ${seeing(followers)} as followers
    from tasks t ${alive} where t.id = ${taskId} and t.deleted_at is null`)

/** A comment with whom it mentions and who follows its task or thread. Nothing where it or the task is gone. */
export const comment = (db: Queryable, id: string) =>
  db.row<{ workspaceId: string; task: OfTask; beginning: string; mentioned: string[]; followers: string[] }>(sql`
    select ${ofTask}, left(c.content, 300) as beginning, ${seeing(sql`c.mentions`)} as mentioned,
      ${seeing(sql`${followers} || array[root.author_id]`)} as followers
    from comments c join tasks t on t.id = c.task_id and t.deleted_at is null ${alive}
    left join comments root on root.id = c.parent_id where c.id = ${id} and c.deleted_at is null`)

/** What a comment says now, in the trash too; nothing where it is gone. */
export const words = (db: Queryable, id: string) =>
  db.row<{ version: number; beginning: string }>(
    sql`select version, left(content, 300) as beginning from comments where id = ${id} and deleted_at is null`,
  )

/** The project somebody was added to, and since when they are in it; nothing where they are not in it any more. */
export const invited = (db: Queryable, { projectId, userId }: { projectId: string; userId: string }) =>
  db.row<{ workspaceId: string; project: InProject; joinedAt: Date }>(sql`
    select p.workspace_id as "workspaceId", json_build_object('projectId', p.id, 'projectName', p.name) as project,
      m.joined_at as "joinedAt"
    from project_members m join projects p on p.id = m.project_id and p.deleted_at is null
    where m.project_id = ${projectId} and m.user_id = ${userId}`)

/** A task that is due then and not done, with who is at it and who watches; nothing where that has changed. */
export const due = (db: Queryable, { taskId, dueDate }: { taskId: string; dueDate: string }) =>
  db.row<{ workspaceId: string; task: OfTask; people: string[] }>(sql`
    select ${ofTask}, ${seeing(sql`array[coalesce(t.assignee_id, t.created_by)] || t.watcher_ids`)} as people
    from tasks t ${alive}
    where t.id = ${taskId} and t.due_date = ${dueDate}::timestamptz and t.status <> 'done' and t.deleted_at is null`)
