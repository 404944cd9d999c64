import type { Task } from '@wealist/contract/board/tasks'
import { type Queryable, sql } from '@wealist/kit/sql'
import { columns } from './tasks.sql.ts'

interface Watcher {
  taskId: string
  userId: string
}

/** Locks a living task and gives who watches it; undefined where it is gone. */
export const hold = (tx: Queryable, taskId: string) =>
  tx.row<{ watcherIds: string[] }>(
    sql`select watcher_ids as "watcherIds" from tasks where id = ${taskId} and deleted_at is null for no key update`,
  )

/** The task as it is shown. Who watches is none of its content, so its version stays. */
export const one = (tx: Queryable, taskId: string) =>
  tx.json<Task>(sql`select ${columns} from tasks t where t.id = ${taskId}`)

export const add = (tx: Queryable, { taskId, userId }: Watcher) =>
  tx.json<Task>(
    sql`update tasks t set watcher_ids = array_append(watcher_ids, ${userId}::uuid) where id = ${taskId} returning ${columns}`,
  )

export const remove = (tx: Queryable, { taskId, userId }: Watcher) =>
  tx.json<Task>(
    sql`update tasks t set watcher_ids = array_remove(watcher_ids, ${userId}::uuid) where id = ${taskId} returning ${columns}`,
  )
