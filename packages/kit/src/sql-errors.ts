import pg from 'pg'
import { unavailable } from './errors.ts'

/** The SQLSTATE of an error of PostgreSQL, or undefined. */
export const sqlState = (error: unknown) => (error instanceof pg.DatabaseError ? error.code : undefined)

/** The name of the constraint that an error of PostgreSQL speaks of. */
export const constraintOf = (error: unknown) => (error instanceof pg.DatabaseError ? error.constraint : undefined)

// 08 connection, 53 resources, 57 shutdown or a statement that took too long, 25P03 and 25P04 a transaction that did,
// 26000 one behind another that was to prepare it and failed, 55P03, 40P01 and 40001 rows that stayed busy however often
// it was tried: later it works, and nothing was stored.
const away = (error: unknown) => {
  const state = sqlState(error)
  if (state) return /^(26000|08|53|57|25P0[34]|55P03|40P01|40001)/.test(state)
  const { code, message } = error as { code?: string; message?: string }
  return (
    (code !== undefined && /^(ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOST|ENET|ENOENT)/.test(code)) ||
    /connection|timeout exceeded when trying|pool after calling end/i.test(message ?? '')
  )
}

/** Turns "PostgreSQL is away" into the contract's 503 and leaves every other error as it is. */
export const asUnavailable = (error: unknown): unknown =>
  error instanceof Error && error.name !== 'Problem' && away(error)
    ? Object.assign(unavailable('The database is busy or away for a moment.'), { cause: error })
    : error
