import { type CronMatcher, parseCronItem } from 'graphile-worker'
import type { JobSpec } from './jobs.registry.ts'
import { type Queryable, sql } from './sql.ts'

const minute = 60_000
// So far back work that fell due while nothing ran is made up for: a weekly job is not forgotten over a weekend.
const farthest = 8 * 24 * 60 * minute

/**
 * Adds the recurring jobs that fell due since they were last added, each once, whoever asks how often. `now` is
 * milliseconds since 1970. A job that the database does not know yet begins with the next minute that matches. A
 * wrong expression ends the start, not the night.
 */
export const openCrons = (specs: readonly JobSpec[]) => {
  const crons = specs.flatMap(({ name, schedule }) =>
    schedule === undefined ? [] : [{ name, match: parseCronItem({ task: name, match: schedule }).match }],
  )
  const names = crons.map((c) => c.name)
  return async (db: Queryable, now: number) => {
    const current = now - (now % minute)
    const rows = await db.rows<{ name: string; last: Date }>(
      sql`select name, last from kit.crons where name = any(${names})`,
    )
    const known = new Map(rows.map((row) => [row.name, row.last.getTime()]))
    const fresh = names.filter((name) => !known.has(name))
    if (fresh.length > 0)
      await db.run(sql`insert into kit.crons (name, last)
        select name, ${new Date(current)}::timestamptz from unnest(${fresh}::text[]) as t(name) on conflict do nothing`)
    const due = crons.flatMap(({ name, match }) => {
      const at = latest(match, known.get(name) ?? current, current)
      return at === undefined ? [] : [{ name, at: new Date(at).toISOString() }]
    })
    if (due.length === 0) return
    await db.run(sql`with mine as (
        insert into kit.crons as crons (name, last)
        select * from unnest(${due.map((d) => d.name)}::text[], ${due.map((d) => d.at)}::timestamptz[])
        on conflict (name) do update set last = excluded.last where crons.last < excluded.last
        returning name
      )
      insert into kit.outbox (task, payload, job_key)
      select name, json_build_object('at', at), 'cron' from mine
      join unnest(${due.map((d) => d.name)}::text[], ${due.map((d) => d.at)}::text[]) as d(name, at) using (name)`)
  }
}

// The last minute after `from` that matches, up to `to` itself.
const latest = (match: CronMatcher, from: number, to: number) => {
  for (let at = to; at > Math.max(from, to - farthest); at -= minute) {
    const t = new Date(at)
    const digest = {
      min: t.getUTCMinutes(),
      hour: t.getUTCHours(),
      date: t.getUTCDate(),
      month: t.getUTCMonth() + 1,
      dow: t.getUTCDay(),
    }
    if (match(digest)) return at
  }
  return undefined
}
