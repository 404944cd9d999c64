import { cron, type JobCtx, type JobSpec } from './jobs.registry.ts'
import { type Queryable, sql } from './sql.ts'

const batch = 5000
// Sweeping may take its time; each statement is short.
const settings = { timeout: 600_000 }

/**
 * The nightly job that drops events of live topics older than `days`, in its registry where a service promises another
 * time than kit's 90 days. Heads stay: who asks for what is gone is told `reset`.
 */
export const eventRetention = ({ days }: { days: number }): JobSpec =>
  cron('kit-events', '17 3 * * *', ({ db, job }: JobCtx) => dropEvents(db, days, job.signal), settings)

/** What every service with a database does: forget answers of Idempotency-Keys after a day, old events after 90. */
export const kitJobs: readonly JobSpec[] = [
  cron('kit-idempotency', '7 * * * *', ({ db, job }: JobCtx) => dropAnswers(db, job.signal), settings),
  eventRetention({ days: 90 }),
]

const dropAnswers = async (db: Queryable, signal: AbortSignal) => {
  for (let dropped = batch; dropped === batch;) {
    signal.throwIfAborted()
    dropped = await db.run(
      sql`delete from kit.idempotency where (actor, route, key) in (
        select actor, route, key from kit.idempotency where created < now() - interval '24 hours' limit ${batch})`,
      { slow: true },
    )
  }
}

const dropEvents = async (db: Queryable, days: number, signal: AbortSignal) => {
  for (let after: string | undefined = ''; after !== undefined;) {
    signal.throwIfAborted()
    // The lowest event of a topic tells whether it has anything old: one look into the primary key each.
    const topics: { topic: string; low: number | null; old: boolean | null }[] = await db.rows(
      sql`select t.topic, e.seq as low, e.at < now() - make_interval(days => ${days}) as old
        from (select topic from kit.heads where topic > ${after} order by topic limit ${batch}) t
        left join lateral (select seq, at from kit.events where topic = t.topic order by seq limit 1) e on true`,
    )
    for (const { topic, low, old } of topics) if (old) await dropLow(db, { topic, low: low!, days, signal })
    after = topics.at(-1)?.topic
  }
}

interface Low {
  topic: string
  low: number
  days: number
  signal: AbortSignal
}

// Up to the first event that is young enough and from the lowest upwards, so that what is left has no hole.
const dropLow = async (db: Queryable, { topic, low, days, signal }: Low) => {
  const row = await db.row<{ end: number }>(sql`select coalesce(
    (select seq from kit.events where topic = ${topic} and at >= now() - make_interval(days => ${days}) order by seq limit 1),
    (select head + 1 from kit.heads where topic = ${topic})) as end`)
  const end = row?.end ?? low
  for (let from = low; from < end; from += batch) {
    signal.throwIfAborted()
    await db.run(
      sql`delete from kit.events where topic = ${topic} and seq >= ${from} and seq < ${Math.min(from + batch, end)}`,
      { slow: true },
    )
  }
}
