import type { JobCtx } from '@wealist/kit/jobs'
import { removeObjects } from './attachments.ts'
import * as attachments from './attachments.sql.ts'
import * as retention from './retention.sql.ts'

/** A deleted room is gone for everybody at once; what it held is kept so long, for whom it was deleted by mistake. */
const days = 30

/** Drops what deleted rooms held. Each of its statements is short; what it did stays done when it is interrupted. */
export const purge = async ({ db, tx, job }: JobCtx) => {
  for (let room = await next(db); room; room = await next(db)) {
    for (let dropped = 1; dropped > 0;) {
      job.signal.throwIfAborted()
      dropped = await retention.dropMessages(db, { roomId: room.id, limit: 1000 })
    }
    for (let left = 1; left > 0;) {
      job.signal.throwIfAborted()
      left = await tx(async (t) => {
        const rows = await attachments.dropOfRoom(t, { roomId: room.id, limit: 500 })
        removeObjects(t, rows)
        return rows.length
      })
    }
    await retention.dropRoom(db, room.id)
  }
}

const next = (db: JobCtx['db']) => retention.oldRoom(db, days)
