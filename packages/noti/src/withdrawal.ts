import type { Peer } from '@wealist/kit/actor'
import type { JobCtx } from '@wealist/kit/jobs'
import type { Ctx, Deps } from './deps.ts'
import { twice } from './leaving.ts'
import { topicOf } from './notifications.ts'
import * as withdrawal from './withdrawal.sql.ts'

export const withdraw = (ctx: Ctx<Peer>, { source, eventId }: withdrawal.Event) =>
  ctx.tx(async (tx) => {
    await withdrawal.note(tx, { source, eventId })
    twice(ctx, tx, { name: 'event.withdraw', payload: { source, eventId }, key: `event:${source}:${eventId}` })
    return undefined
  })

const atOnce = 100

/**
 * Takes the words away from all who were told of them. The log of each of those notifications loses what it said before:
 * who comes back to it gets the row as it now is.
 */
export const blank = async (ctx: JobCtx<Deps>, event: withdrawal.Event) => {
  for (;;) {
    ctx.job.signal.throwIfAborted()
    const readers = await withdrawal.readers(ctx.db, event, atOnce)
    if (readers.length === 0) return
    await ctx.tx(async (tx) => {
      await tx.hold(readers.map(topicOf))
      const shown = await withdrawal.blank(tx, event, readers)
      await Promise.all(shown.map(({ recipientId, id }) => tx.erase(topicOf(recipientId), id)))
      for (const { recipientId, id, isRead, row } of shown)
        tx.emit(topicOf(recipientId), isRead ? 'notification.read' : 'notification', row, id)
    })
  }
}
