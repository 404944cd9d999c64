import pg from 'pg'
import { unavailable } from './errors.ts'
import type { Send } from './sql.ts'

/** A connection that carries statements now, which are answered in the order they were sent. */
interface Carrier {
  client: pg.PoolClient
  under: number
  broken?: Error
}

interface Waiting {
  since: number
  statement: Parameters<Send>[0]
  resolve(result: pg.QueryResult): void
  reject(error: Error): void
}

export interface SharedOptions {
  pool: pg.Pool
  /** Most statements under way on a connection. */
  depth: number
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
 * and several answers are read in one go. What may take long (`alone`) has nobody behind it. Where transactions wait for
 * a connection, those that carry statements take no more, and statements wait in the pool's line, as transactions do.
 */
export const openShared = ({ pool, depth, patience, lost }: SharedOptions): Shared => {
  const { max } = pool.options
  const carriers = new Set<Carrier>()
  const line: Waiting[] = []
  let asked = 0
  let late: NodeJS.Timeout | undefined

  const isFree = () => pool.idleCount > asked || pool.totalCount < max
  const othersWait = () => pool.waitingCount > asked
  const weightOf = ({ statement }: Waiting) => (statement.alone ? depth : 1)
  const fits = ({ under, broken }: Carrier) =>
    line[0] !== undefined && broken === undefined && under + weightOf(line[0]) <= depth

  const begin = (carrier: Carrier) => {
    const waiting = line.shift()!
    carrier.under += weightOf(waiting)
    carrier.client.query(waiting.statement as pg.QueryConfig, (error: Error | null, result: pg.QueryResult) => {
      carrier.under -= weightOf(waiting)
      // What a statement did wrong leaves the connection as it was.
      if (error && !(error instanceof pg.DatabaseError && error.severity === 'ERROR')) carrier.broken ??= error
      if (error) waiting.reject(error)
      else waiting.resolve(result)
      fill(carrier)
    })
  }

  const fill = (carrier: Carrier) => {
    while (fits(carrier) && !othersWait()) begin(carrier)
    if (carrier.under === 0) leave(carrier)
  }
  const leave = (carrier: Carrier) => {
    carriers.delete(carrier)
    carrier.client.off('error', lost)
    carrier.client.release(carrier.broken)
    call()
  }

  const ask = () => {
    asked++
    pool.connect((error, client) => {
      asked--
      if (client) return take(client)
      // Those that carry take the rest; without any it is the same for all who wait.
      if (carriers.size > 0) return
      line.shift()?.reject(error!)
      call()
    })
  }
  const take = (client: pg.PoolClient) => {
    const carrier: Carrier = { client, under: 0 }
    carriers.add(carrier)
    client.on('error', lost)
    // Those who are still to come have their share of the line.
    for (let n = Math.ceil(line.length / (asked + 1)); n > 0 && fits(carrier); n--) begin(carrier)
    if (carrier.under === 0) leave(carrier)
  }

  // As many as the line can use: of those that are free, or else in the pool's own line.
  const call = () => {
    const free = isFree()
    if (!free && carriers.size > 0 && !othersWait()) return
    const wanted = Math.min(max, free ? line.length : Math.ceil(line.length / depth))
    while (asked < wanted) ask()
  }

  const refuse = () => {
    while (line[0] && line[0].since < performance.now() - patience)
      line.shift()!.reject(unavailable('The database is busy or away for a moment.'))
    late = line.length > 0 ? setTimeout(refuse, patience / 4).unref() : undefined
  }

  const join = (waiting: Waiting) => {
    line.push(waiting)
    if (line.length === 1 && !isFree() && !othersWait()) {
      let least: Carrier | undefined
      for (const carrier of carriers) if (!least || carrier.under < least.under) least = carrier
      if (least && fits(least)) return begin(least)
    }
    late ??= setTimeout(refuse, patience / 4).unref()
    call()
  }

  return {
    send: ((statement) =>
      new Promise((resolve, reject) => join({ since: performance.now(), statement, resolve, reject }))) as Send,
    waiting: () => Math.max(0, line.length - asked),
  }
}
