import type { Base } from '@wealist/kit/context'
import * as standing from './standing.sql.ts'

const batch = 1000

/** What an operator decided, again: ops has done it already unless it was cut off between its commit and Redis. */
export const apply = async ({ db, revocations }: Base, { userId }: { userId: string }) => {
  const now = await standing.get(db, userId)
  // Who deleted the account has ended it in a way of its own.
  if (now) await revocations.follow(userId, now)
}

/** Redis may have lost who is blocked; the rows have not. */
export const repair = async ({ db, revocations }: Base) => {
  for (let after: string | null = null; ;) {
    const found: standing.Blocked[] = await standing.blocked(db, { after, limit: batch })
    await Promise.all(found.map(({ id, ...known }) => revocations.follow(id, known)))
    if (found.length < batch) return
    after = found.at(-1)!.id
  }
}
