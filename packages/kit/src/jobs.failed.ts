import type { ServiceName } from '@wealist/contract/topology'
import * as z from 'zod'
import type { Bus } from './bus.ts'
import type { Log } from './log.ts'
import { empty, type Queryable, sql } from './sql.ts'

/** A job that failed for good: it is kept, and not tried again by itself. Times as JSON has them. */
export interface FailedJob {
  id: string
  name: string
  attempts: number
  error: string | null
  addedAt: string
  failedAt: string
}

/** What may be asked of the jobs that failed for good, latest failure first: those before one in this order, or the one. */
export interface FailedQuery {
  limit: number
  before?: { at: string; id: string } | undefined
  id?: string | undefined
}

// Which failure it is, too: the library keeps when a job would be due again, which a failure puts off by this.
const failedAt = sql`(run_at - exp(least(attempts, 10)) * interval '1 second')::timestamptz(3)`
const isFailed = sql`attempts >= max_attempts and locked_at is null`

export const listFailed = (db: Queryable, { limit, before, id }: FailedQuery) =>
  db.rows<FailedJob>(sql`select id::text, task_identifier as name, attempts, left(last_error, 1000) as error,
      to_json(created_at::timestamptz(3)) #>> '{}' as "addedAt", to_json(${failedAt}) #>> '{}' as "failedAt"
    from graphile_worker.jobs where ${isFailed} ${id ? sql`and id = ${id}::bigint` : empty}
      ${before ? sql`and (${failedAt}, id) < (${before.at}::timestamptz, ${before.id}::bigint)` : empty}
    order by ${failedAt} desc, id desc limit ${limit}`)

/** What an operator wants of one failure of a job: that it begins anew, or is forgotten. */
export const Decision = z.object({ id: z.string(), failedAt: z.string(), wanted: z.enum(['retry', 'discard']) })
export type Decision = z.infer<typeof Decision>

/** Does it once, however often it is told: a job that was retried and failed again has another `failedAt`. */
export const decide = (db: Queryable, decision: Decision) => {
  const job = sql`select array_agg(id) as ids from (select id from graphile_worker._private_jobs
    where id = ${decision.id}::bigint and ${failedAt} = ${decision.failedAt}::timestamptz and ${isFailed} for update) j`
  return decision.wanted === 'retry'
    ? db.run(sql`select from (${job}) j, graphile_worker.reschedule_jobs(j.ids, now(), attempts => 0)`)
    : db.run(sql`select from (${job}) j, graphile_worker.complete_jobs(j.ids)`)
}

const channelOf = (service: ServiceName) => `jobs:${service}`

/** Tells the processes of a service. The bus may lose it: whoever tells looks whether it was done, and tells again. */
export const tellDecision = (bus: Bus, service: ServiceName, decision: Decision) =>
  bus.publish(channelOf(service), JSON.stringify(decision))

/** Does what operators decide of the jobs of this service, as ops tells it. */
export const hearDecisions = ({ bus, db, log, service }: { bus: Bus; db: Queryable; log: Log; service: ServiceName }) =>
  bus.subscribe(channelOf(service), (message) => {
    const decision = Decision.parse(JSON.parse(message))
    decide(db, decision).then(
      (done) =>
        done > 0 && log.info({ id: decision.id, wanted: decision.wanted }, 'an operator decided of a failed job'),
      (error: unknown) => log.warn({ err: error }, 'what an operator decided of a failed job could not be done'),
    )
  })
