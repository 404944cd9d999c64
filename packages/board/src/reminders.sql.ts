import { type Queryable, sql } from '@wealist/kit/sql'

/**
 * Notes for at most `limit` open tasks that are due after `now` and within a day that their people are reminded, and
 * gives those of them that nobody else noted.
 */
export const note = (tx: Queryable, { now, limit }: { now: Date; limit: number }) =>
  tx.rows<{ taskId: string; dueDate: Date }>(sql`insert into reminders (task_id, due_date)
    select t.id, t.due_date from tasks t join projects p on p.id = t.project_id and p.deleted_at is null
    where t.deleted_at is null and t.status <> 'done'
      and t.due_date > ${now}::timestamptz and t.due_date <= ${now}::timestamptz + interval '1 day'
      and not exists (select from reminders r where r.task_id = t.id and r.due_date = t.due_date)
    order by t.due_date limit ${limit}
    on conflict do nothing returning task_id as "taskId", due_date as "dueDate"`)
