import type { JobCtx } from '@wealist/kit/jobs'
import * as retention from './retention.sql.ts'

/** A deleted room is gone for everybody at once; what it held is kept so long, for whom it was deleted by mistake. */
const days = 30

/** Drops what deleted rooms held. Each of its statements is short; what it did stays done when it is interrupted. */
export const purge = async ({ db, job }: JobCtx) => {
  for (let room = await retention.oldRoom(db, days); room; room = await retention.oldRoom(db, days)) {
    for (let dropped = 1; dropped > 0;) {
      job.signal.throwIfAborted()
      dropped = await retention.dropMessages(db, { roomId: room.id, limit: 1000 })
    }
    await retention.dropRoom(db, room.id)
  }
}
