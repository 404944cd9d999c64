import { Json, textOf } from './json.ts'
import { queryable, type Send, sql } from './sql.ts'
import { appending, appendingAll, heads, type Job, outbox, type Pending } from './tx.statements.ts'
import type { AppendedEvent, Commit, LogEvent, Tx } from './tx.ts'

export interface OpenTx {
  tx: Tx
  /** Commits, or waits for a commit that is under way. */
  finish(): Promise<Commit>
  /** Leaves nothing of it, unless a commit is under way: then waits for how that ends. */
  abandon(): Promise<void>
}

/** A transaction over a client on which `begin` is under way. `goesOn`: something follows the work, so nothing in it is last. */
export const openTx = (
  send: Send,
  { actorId, goesOn = false }: { actorId?: string | undefined; goesOn?: boolean } = {},
): OpenTx => {
  const events: Pending[] = []
  const appended: Promise<(LogEvent & { payload: string })[]>[] = []
  const jobs: Job[] = []
  let actor = actorId ?? null
  let ended = false
  let ending: Promise<Commit> | undefined
  // A branch that goes on after another one failed would reach a connection that others have by now.
  const alive = () => {
    if (ended) throw new Error('this transaction has ended')
  }
  const all = queryable(async (config) => {
    alive()
    return send(config)
  })
  const tx: Tx = {
    ...all,
    emit: (topic, type, payload, subject) => {
      alive()
      events.push({ topic, type, payload: textOf(payload), actorId: actor, subject: subject ?? null })
    },
    append: async <T>({ topic, type, subject, row, last = false }: Parameters<Tx['append']>[0]) => {
      alive()
      const logged = all.rows<LogEvent & { payload: string }>(appending({ topic, type, subject, row, actor }))
      appended.push(logged)
      if (last && !goesOn) finish().catch(() => undefined)
      return new Json<T>((await logged)[0]!.payload)
    },
    appendAll: async (what) => {
      alive()
      if (goesOn) throw new Error('a transaction that goes on cannot end with what it appends')
      const logged = all.rows<AppendedEvent>(appendingAll(what))
      appended.push(logged)
      finish().catch(() => undefined)
      return logged
    },
    erase: async (topic, subjects) => {
      await all.run(
        sql`update kit.events set payload = null where topic = ${topic} and subject = any(${subjects}::uuid[]) and payload is not null`,
      )
    },
    hold: async (topics) => {
      // Two statements in one go, since the first does not see the rows that another transaction has just made.
      await Promise.all([
        all.run(sql`insert into kit.heads (topic) select topic from unnest(${topics}::text[]) as t(topic)
          order by topic on conflict do nothing`),
        all.run(sql`select from kit.heads where topic = any(${topics}) order by topic for update`),
      ])
    },
    addJob: (name, payload, options = {}) => {
      alive()
      jobs.push({ name, payload: JSON.stringify(payload), options })
    },
    actAs: (id) => void (actor = id),
  }
  const commit = async () => {
    ended = true
    // Sent in one go. When one fails, PostgreSQL answers `commit` with ROLLBACK, and the failure is thrown here.
    const queued = jobs.length > 0 ? send(outbox(jobs)) : undefined
    const logged = events.length > 0 ? send<LogEvent>(heads(events)) : undefined
    const committed = send({ text: 'commit', values: [] })
    const [a, q, l, c] = await Promise.allSettled([Promise.all(appended), queued, logged, committed])
    for (const result of [a, q, l, c]) if (result.status === 'rejected') throw result.reason
    if (c.status === 'fulfilled' && c.value.command !== 'COMMIT')
      throw new Error('the transaction was rolled back: a statement had failed and its error was swallowed')
    const before = a.status === 'fulfilled' ? a.value.flat() : []
    const after = l.status === 'fulfilled' ? (l.value?.rows ?? []) : []
    return { events: [...before, ...after], jobs: jobs.some(isSoon) }
  }
  const finish = () => (ending ??= commit())
  const rollback = () => send({ text: 'rollback', values: [] })
  const abandon = async () => {
    ended = true
    // Where the commit failed it may not have come to an end.
    await (ending ? ending.catch(rollback) : rollback())
  }
  return { tx, finish, abandon }
}

/** What is not due before then, in milliseconds, is relayed with all else of its second: of a key, as one. */
const later = 2000

const isSoon = ({ options: { runAt } }: Job) => !runAt || runAt.getTime() < Date.now() + later
