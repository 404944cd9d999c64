import pg from 'pg'
import { type Carrying, openEnough, stillMs } from './enough.ts'
import { unavailable } from './errors.ts'
import type { Send } from './sql.ts'
import { ask, type Statement } from './statement.ts'

interface Carrier extends Carrying {
  client: pg.PoolClient
  under: number
  broken?: Error
}

interface Waiting {
  since: number
  statement: Statement
  resolve(result: pg.QueryResult): void
  reject(error: Error): void
}

export interface SharedOptions {
  pool: pg.Pool
  /** Most statements under way on a connection. */
  depth: number
  /** Whether this process' thread is what is full. */
  isBusy: () => boolean
  /** Milliseconds that a statement waits for a connection; then 503. */
  patience: number
  /** Hears of a connection that dies under its statements. */
  lost(error: Error): void
}

export interface Shared {
  send: Send
  /** How many statements wait for a connection. */
  waiting: () => number
}

/**
 * Single statements over the connections of a pool, which they share with its transactions. While one is free a statement
 * has it alone. When all are busy it is sent behind others: PostgreSQL has the next one when it is done with the last,
 * and several answers are read in one go. A thread that is busy makes do with a few connections (`enough.ts`).
 * What may take long (`alone`) has nobody behind it. Where transactions wait for a connection, those that carry statements
 * take no more, and statements wait in the pool's line, as transactions do.
 */
export const openShared = ({ pool, depth, isBusy, patience, lost }: SharedOptions): Shared => {
  const { max } = pool.options
  const carriers = new Set<Carrier>()
  const line: Waiting[] = []
  let asked = 0
  let late: NodeJS.Timeout | undefined

  const { isSpare, serves, ...enough } = openEnough(carriers, isBusy)
  const isEnough = () => enough.isEnough(line[0]?.since)
  const isFree = () => (pool.idleCount > asked || pool.totalCount < max) && !isEnough()
  const othersWait = () => pool.waitingCount > asked
  const weightOf = ({ statement }: Waiting) => (statement.alone ? depth : 1)
  const fits = ({ under, broken }: Carrier) =>
    line[0] !== undefined && broken === undefined && under + weightOf(line[0]) <= depth

  const begin = (carrier: Carrier) => {
    const waiting = line.shift()!
    carrier.under += weightOf(waiting)
    ask(carrier.client, waiting.statement, (error, result) => {
      carrier.moved = performance.now()
      carrier.under -= weightOf(waiting)
      // What a statement did wrong leaves the connection as it was.
      if (error && !(error instanceof pg.DatabaseError && error.severity === 'ERROR')) carrier.broken ??= error
      if (error) waiting.reject(error)
      else waiting.resolve(result)
      fill(carrier)
    })
  }

  const fill = (carrier: Carrier) => {
    if (!isSpare(carrier)) while (fits(carrier) && !othersWait()) begin(carrier)
    if (carrier.under === 0) leave(carrier)
  }
  const leave = (carrier: Carrier) => {
    if (!carriers.delete(carrier)) return
    carrier.client.off('error', lost)
    carrier.client.release(carrier.broken)
    call()
  }

  const connect = () => {
    asked++
    const since = performance.now()
    pool.connect((error, client) => {
      asked--
      if (client) return take(client)
      // Those that carry take the rest. Without any it is the same for all who waited by then.
      if (carriers.size === 0 && line[0] && line[0].since <= since) line.shift()!.reject(error!)
      for (const carrier of carriers) fill(carrier)
      if (carriers.size === 0) call()
    })
  }
  const take = (client: pg.PoolClient) => {
    const carrier: Carrier = { client, under: 0, moved: performance.now() }
    carriers.add(carrier)
    client.on('error', lost)
    // Those who are still to come have their share of the line.
    for (let n = Math.ceil(line.length / (asked + 1)); n > 0 && fits(carrier); n--) begin(carrier)
    if (carrier.under === 0) leave(carrier)
  }

  // As many as the line can use: of those that are free, or else in the pool's own line.
  const call = () => {
    if (pool.ending) return void (carriers.size === 0 && refuse(Infinity))
    const free = isFree()
    if (!free && carriers.size > 0 && !othersWait()) return
    const wanted = Math.min(max, free ? line.length : Math.ceil(line.length / depth))
    while (asked < wanted) connect()
  }

  const refuse = (until: number) => {
    while (line[0] && line[0].since < until)
      line.shift()!.reject(unavailable('The database is busy or away for a moment.'))
  }
  const look = () => {
    late = undefined
    refuse(performance.now() - patience)
    if (line.length === 0) return
    late = setTimeout(look, stillMs).unref()
    call()
  }

  // The one that moved last: behind one that stands still it would wait, too. Where enough answer, one of those takes it.
  const liveliest = () => {
    const few = isEnough()
    let found: Carrier | undefined
    for (const carrier of carriers)
      if (fits(carrier) && (!found || carrier.moved > found.moved) && (!few || serves(carrier))) found = carrier
    return found
  }

  const join = (waiting: Waiting) => {
    line.push(waiting)
    const carrier = line.length === 1 && !isFree() && !othersWait() && liveliest()
    if (carrier) return begin(carrier)
    late ??= setTimeout(look, stillMs).unref()
    call()
  }

  return {
    send: ((statement) =>
      new Promise((resolve, reject) => join({ since: performance.now(), statement, resolve, reject }))) as Send,
    waiting: () => Math.max(0, line.length - asked),
  }
}
