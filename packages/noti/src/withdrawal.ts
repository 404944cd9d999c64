import type { Withdrawn } from '@wealist/contract/noti/internal'
import type { Peer } from '@wealist/kit/actor'
import type { JobCtx } from '@wealist/kit/jobs'
import type { Ctx, Deps } from './deps.ts'
import { twice } from './leaving.ts'
import { topicOf } from './notifications.ts'
import * as withdrawal from './withdrawal.sql.ts'

export const withdraw = (ctx: Ctx<Peer>, withdrawn: Withdrawn) =>
  ctx.tx(async (tx) => {
    const { source, eventId, instead } = withdrawn
    // Each has its own second look, which would come too early if it were that of the one before.
    const key = `event:${source}:${eventId}:${instead?.version ?? 'gone'}`
    if (await withdrawal.note(tx, withdrawn))
      twice(ctx, tx, { name: 'event.withdraw', payload: { source, eventId }, key })
    return undefined
  })

const atOnce = 100

/**
 * Takes the words away from all who were told of them, or gives them those that stand instead. The log of each of those
 * notifications loses what it said before: who comes back to it gets the row as it now is.
 */
export const reword = async (ctx: JobCtx<Deps>, event: withdrawal.Event) => {
  for (;;) {
    ctx.job.signal.throwIfAborted()
    const readers = await withdrawal.readers(ctx.db, event, atOnce)
    if (readers.length === 0) return
    await ctx.tx(async (tx) => {
      await tx.hold(readers.map(topicOf))
      const shown = await withdrawal.reword(tx, event, readers)
      await Promise.all(shown.map(({ recipientId, id }) => tx.erase(topicOf(recipientId), [id])))
      for (const { recipientId, id, isRead, row } of shown)
        tx.emit(topicOf(recipientId), isRead ? 'notification.read' : 'notification', row, id)
    })
  }
}
