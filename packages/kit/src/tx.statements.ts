import type { Appending, JobOptions } from './tx.ts'
import { raw, type Sql, sql } from './sql.ts'

export interface Job {
  name: string
  payload: string
  options: JobOptions
}

export interface Pending {
  topic: string
  type: string
  payload: string
  actorId: string | null
  subject: string | null
}

// `row` sees the seq that its event gets: under the lock of the head nobody else takes it. Without a row there would be a
// hole in the log: it has no seq then, which the column refuses.
export const appending = ({
  topic,
  type,
  subject,
  row,
  actor,
}: {
  topic: string
  type: string
  subject: string
  row: (seq: Sql) => Sql
  actor: string | null
}) => sql`with h as (
      insert into kit.heads as heads (topic, head) values (${topic}, 1)
      on conflict (topic) do update set head = heads.head + 1 returning head
    ), r as (${row(sql`(select head from h)`)}), logged as (
      insert into kit.events (topic, seq, type, payload, actor_id, subject)
      select ${topic}, case when exists (select from r) then h.head end, ${type}, to_json(r)::text, ${actor}::uuid, ${subject}::uuid
      from h left join r on true
      returning topic, seq, type, payload, actor_id, at
    )
    select topic, seq, type, payload, actor_id as "actorId", to_json(at)#>>'{}' as timestamp from logged`

// All heads are locked in the topics' order once all of `asked` is there, with whatever it locks. No row, no seq: as above.
export const appendingAll = ({ type, asked, rows, jobs }: Appending) =>
  sql`with asked as (${asked}), h as (
      insert into kit.heads as heads (topic, head) select topic, count(*) from asked group by topic order by topic
      on conflict (topic) do update set head = heads.head + excluded.head returning topic, head
    ), placed as (
      select a.*, h.head + 1 - row_number() over (partition by topic order by subject desc) as seq from asked a join h using (topic)
    ), r as (${rows(raw('placed'))}), logged as (
      insert into kit.events (topic, seq, type, payload, actor_id, subject)
      select p.topic, case when r.id = p.subject then p.seq end, ${type}, to_json(r)::text, p.actor_id, p.subject from placed p left join r on r.id = p.subject
      returning topic, seq, type, payload, actor_id, subject, at
    ), queued as (insert into kit.outbox (task, payload, job_key, run_at) ${jobs(raw('placed'))})
    select topic, seq, type, payload, actor_id as "actorId", subject, to_json(at)#>>'{}' as timestamp from logged order by topic, seq`

export const outbox = (jobs: readonly Job[]) => {
  const { text, values } = sql`insert into kit.outbox (task, payload, job_key, run_at)
    select * from unnest(${jobs.map((j) => j.name)}::text[], ${jobs.map((j) => j.payload)}::json[],
      ${jobs.map((j) => j.options.key ?? null)}::text[], ${jobs.map((j) => j.options.runAt?.toISOString() ?? null)}::timestamptz[])`
  return { text, values, name: 'kit-outbox' }
}

// The row locks of the heads are taken here, in the topics' order, and held for one round trip: what commits later has
// the higher seq, and a rollback leaves no hole.
export const heads = (events: Pending[]) => {
  const { text, values } = sql`with e as (
      select topic, type, payload, actor_id, subject, n, row_number() over (partition by topic order by n) as nth, count(*) over (partition by topic) as added
      from unnest(${events.map((e) => e.topic)}::text[], ${events.map((e) => e.type)}::text[], ${events.map((e) => e.payload)}::text[],
        ${events.map((e) => e.actorId)}::uuid[], ${events.map((e) => e.subject)}::uuid[]) with ordinality as t(topic, type, payload, actor_id, subject, n)
    ), h as (
      insert into kit.heads as heads (topic, head) select distinct topic, added from e order by topic
      on conflict (topic) do update set head = heads.head + excluded.head returning topic, head
    ), logged as (
      insert into kit.events (topic, seq, type, payload, actor_id, subject)
      select e.topic, h.head - e.added + e.nth, e.type, e.payload, e.actor_id, e.subject from e join h using (topic) order by e.n
      returning topic, seq, type, payload, actor_id, at
    )
    select topic, seq, type, payload, actor_id as "actorId", to_json(at)#>>'{}' as timestamp from logged order by topic, seq`
  return { text, values, name: 'kit-heads' }
}
