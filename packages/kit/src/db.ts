import type pg from 'pg'
import { openPool, type PoolOptions } from './pool.ts'
import { queryable, type Observe, type Queryable, type Send } from './sql.ts'
import { asUnavailable, sqlState } from './sql-errors.ts'
import { openShared } from './shared.ts'
import { ask } from './statement.ts'
import { threadIsBusy } from './thread.ts'
import { openTx } from './tx.open.ts'
import type { Commit, Tx, TxOptions } from './tx.ts'
import { openTurns } from './turns.ts'

/** A service's own database. */
export interface Db extends Queryable {
  /**
   * Runs `work` in one READ COMMITTED transaction and gives what it gave, once that is durable. Deadlocks, serialisation
   * failures and lock timeouts run it again, three times, so `work` touches nothing but `tx`. No network call inside.
   * `before` runs with the finished work's answer, last before the heads of the live topics.
   */
  tx<T>(
    work: (tx: Tx) => Promise<T>,
    options?: TxOptions & {
      actorId?: string
      before?: (tx: Tx, answer: T) => Promise<void>
      after?: (commit: Commit) => void
    },
  ): Promise<T>
  pool: pg.Pool
  /** How many wait for a turn or for a shared connection. */
  inLine: () => number
  /** Ends the connections that nobody uses now: for a process that is frozen next, which would keep them. */
  rest(): Promise<void>
  close(): Promise<void>
}

export interface DbOptions extends PoolOptions {
  observe?: Observe
  /** Called after each commit with what is to be published or relayed; must not throw and is not awaited. */
  onCommit?: (commit: Commit) => void
}

const again = new Set(['40P01', '40001', '55P03'])

/** The role, or the whole server, has as many connections as it may. */
const full = '53300'
const patience = 3000
/** Whoever waits for a turn waits for changes that each may take long, and holds nothing meanwhile. */
const turnBounds = { waiting: 1000, patience: 10_000 }

// Whoever finds no room tries again: nothing of the statement has been sent yet.
const withRoom = async <T>(work: () => Promise<T>): Promise<T> => {
  const end = performance.now() + patience
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (sqlState(error) !== full || performance.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 50))
    }
  }
}

// What is sent in the same turn of the event loop leaves in one write: that is the most of what a statement costs here.
const together =
  (client: pg.PoolClient): Send =>
  (statement) => {
    const { stream } = client.connection
    stream.cork()
    process.nextTick(() => stream.uncork())
    return new Promise<never>((resolve, reject) =>
      ask(client, statement, (error, result) => (error ? reject(error) : resolve(result as never))),
    )
  }

export const openDb = ({ url, max, idle, silence, log, observe, onCommit }: DbOptions): Db => {
  const { pool, rest, close } = openPool({ url, max, idle, silence, log })

  const sender =
    // In a transaction the error comes as it is: whether it is tried again is decided on PostgreSQL's code.
    (send: Send, inTransaction = false): Send =>
      async (statement) => {
        const start = performance.now()
        try {
          return await (inTransaction ? send(statement) : withRoom(() => send<never>(statement)))
        } catch (error) {
          throw inTransaction ? error : asUnavailable(error)
        } finally {
          observe?.(statement, performance.now() - start)
        }
      }

  // While one waits for the row that another has locked, its connection does nothing: so a topic that many change has a
  // third of them at most, of which one commits while the next one reads.
  const turns = openTurns({
    atOnce: Math.ceil(max / 3),
    ...turnBounds,
    refusal: 'Too many change this at this moment. Try again shortly.',
  })

  const once = async <T>(work: (tx: Tx) => Promise<T>, options: Parameters<Db['tx']>[1] = {}) => {
    const client = await withRoom(() => pool.connect()).catch((error: unknown) => Promise.reject(asUnavailable(error)))
    // A connection that dies under a transaction also says so by this event, which nobody else hears.
    const lost = (error: Error) => log.warn({ error: error.message }, 'a database connection was lost in a transaction')
    client.on('error', lost)
    let broken: Error | undefined
    try {
      const send = sender(together(client), true)
      const { hurry } = options
      const begun = send({ text: hurry ? `begin; set local lock_timeout = ${hurry}` : 'begin', values: [] })
      begun.catch(() => undefined)
      const { tx, finish, abandon } = openTx(send, { actorId: options.actorId, goesOn: options.before !== undefined })
      try {
        const answer = await work(tx)
        await begun
        await options.before?.(tx, answer as never)
        const commit = await finish()
        return { answer, commit }
      } catch (error) {
        await abandon().catch((e: Error) => (broken = e))
        throw error
      }
    } finally {
      client.off('error', lost)
      client.release(broken)
    }
  }

  const repeat: Db['tx'] = async (work, options) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const { answer, commit } = await once(work, options as never)
        options?.after?.(commit)
        onCommit?.(commit)
        return answer
      } catch (error) {
        if (attempt > (options?.hurry ? 0 : 3) || !again.has(sqlState(error) ?? '')) throw asUnavailable(error)
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt))
      }
    }
  }

  const shared = openShared({
    ...{ pool, depth: 8, isBusy: threadIsBusy, patience },
    lost: (error) => log.warn({ error: error.message }, 'a database connection was lost under its statements'),
  })

  return {
    ...queryable(sender(shared.send)),
    pool,
    inLine: () => turns.waiting() + shared.waiting(),
    tx: (work, options) =>
      options?.turn === undefined ? repeat(work, options) : turns.of(options.turn, () => repeat(work, options)),
    rest,
    close,
  }
}
