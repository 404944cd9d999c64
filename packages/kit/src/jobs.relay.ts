import type { JobSpec } from './jobs.registry.ts'
import { type Queryable, sql } from './sql.ts'

const batch = 500
/** On every job that has a key: without it, it is one that a newer of the key took the place of while it ran. */
export const keyed = 'keyed'

/**
 * Moves what committed transactions left in the outbox to the worker, a batch a statement; gives how many rows it moved,
 * and how many jobs were due already, of which it looks for `mostDue`: PostgreSQL tells workers of what is added, and not
 * of what falls due. Two processes at once take different rows. Of several with one key the last payload and the first
 * time count, as if they had come one after the other.
 */
export const relay = async (
  db: Queryable,
  specs: readonly JobSpec[],
  mostDue = 0,
): Promise<{ moved: number; due: number }> => {
  const names = specs.map((s) => s.name)
  const attempts = specs.map((s) => s.maxAttempts)
  for (let total = 0; ;) {
    const row = await db.row<{ moved: number; due: number }>(sql`with due as materialized (
        select id from kit.outbox order by id limit ${batch} for update skip locked
      ), taken as (
        delete from kit.outbox o using due where o.id = due.id
        returning o.id, o.task, o.payload, o.task || ':' || o.job_key as key, o.run_at
      ), folded as (
        select distinct on (coalesce(key, id::text)) id, task, payload, key,
          first_value(run_at) over (partition by coalesce(key, id::text) order by id) as run_at
        from taken order by coalesce(key, id::text), id desc
      ), specs as (
        select array_agg((f.task, f.payload, null, f.run_at, m.attempts, f.key, null,
          case when f.key is not null then array[${keyed}] end)::graphile_worker.job_spec
          order by f.key, f.id) as specs
        from folded f left join unnest(${names}::text[], ${attempts}::int[]) m(name, attempts) on m.name = f.task
        having count(*) > 0
      )
      select (select count(*) from taken) as moved, count(added.id) as added, (select count(*) from (
          select from graphile_worker._private_jobs where is_available and run_at <= now() limit ${mostDue}
        ) d) as due
      from specs cross join lateral graphile_worker.add_jobs(specs.specs, true) added`)
    const moved = row?.moved ?? 0
    total += moved
    if (moved < batch) return { moved: total, due: row?.due ?? 0 }
  }
}
