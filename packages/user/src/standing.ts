import type { Base } from '@wealist/kit/context'
import { applyStanding } from '@wealist/kit/standing'
import * as standing from './standing.sql.ts'

const batch = 1000

/** What an operator decided, again: ops has done it already unless it was cut off between its commit and Redis. */
export const apply = ({ db, revocations }: Base, { userId }: { userId: string }) =>
  applyStanding(revocations, userId, () => standing.statusOf(db, userId))

/** Redis may have lost who is blocked; the rows have not. */
export const repair = async ({ db, revocations }: Base) => {
  for (let after: string | null = null; ;) {
    const found: { id: string }[] = await standing.blocked(db, { after, limit: batch })
    const ids = found.map(({ id }) => id)
    await Promise.all(ids.map((id) => revocations.block(id)))
    // Whoever was reactivated since they were read must not stay blocked by it.
    for (const { id } of await standing.activeAmong(db, ids)) await revocations.unblock(id)
    if (ids.length < batch) return
    after = ids.at(-1)!
  }
}
