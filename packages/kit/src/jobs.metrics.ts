import type { Db } from './db.ts'
import type { JobSpec } from './jobs.registry.ts'
import { Counter, Gauge, Histogram, type Registry } from './metrics.ts'
import { sql, type Sql } from './sql.ts'

export interface JobMetrics {
  done(name: string): void
  took(name: string, ms: number): void
}

/**
 * `jobs_done{name}` and `job_seconds{name}` of this process; `jobs_failed{name}` and `outbox_age_seconds` of the
 * database, so every process of a service says the same: take the highest, not the sum.
 */
export const jobMetrics = (registry: Registry, db: Db, specs: readonly JobSpec[]): JobMetrics => {
  const done = new Counter({
    name: 'jobs_done',
    help: 'Jobs that ended well',
    labelNames: ['name'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'job_seconds',
    help: 'Time of a run of a job',
    labelNames: ['name'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30],
    registers: [registry],
  })
  const failed = new Gauge({
    name: 'jobs_failed',
    help: 'Jobs that cannot succeed and are kept',
    labelNames: ['name'],
    registers: [],
    async collect() {
      const rows = await db
        .rows<{ name: string; failed: number }>(sql`select task_identifier as name, count(*) as failed
          from graphile_worker.jobs where attempts >= max_attempts and locked_at is null group by 1`)
        .catch(() => undefined)
      if (!rows) return
      this.reset()
      for (const { name } of specs) this.set({ name }, 0)
      for (const row of rows) this.set({ name: row.name }, row.failed)
    },
  })
  // What cannot be asked now keeps the last answer.
  const ageOf = (name: string, help: string, statement: Sql) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const row = await db.row<{ age: number }>(statement).catch(() => undefined)
        if (row) this.set(row.age)
      },
    })
  ageOf(
    'outbox_age_seconds',
    'Age of the oldest job that has not reached the worker',
    sql`select coalesce(extract(epoch from now() - min(at)), 0)::float8 as age from kit.outbox`,
  )
  ageOf(
    'jobs_late_seconds',
    'How long the job that waits longest has been due',
    sql`select coalesce(extract(epoch from now() - min(run_at)), 0)::float8 as age from graphile_worker.jobs
      where run_at <= now() and locked_at is null and attempts < max_attempts`,
  )
  registry.registerMetric(failed)
  return {
    done: (name) => done.inc({ name }),
    took: (name, ms) => seconds.observe({ name }, ms / 1000),
  }
}
