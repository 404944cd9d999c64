import type { Standing } from '@wealist/contract/noti/internal'
import type { Peer } from '@wealist/kit/actor'
import type { Ctx } from './deps.ts'
import * as folds from './folds.sql.ts'
import { topicOf } from './notifications.ts'

/** A person's turn each: one topic a transaction. What was done before something failed is not newer when it is repeated. */
export const stand = async (ctx: Ctx<Peer>, items: readonly Standing[]) => {
  for (const item of items) await standFor(ctx, item)
  return undefined
}

const standFor = (ctx: Ctx<Peer>, item: Standing) =>
  ctx.tx(async (tx) => {
    const topic = topicOf(item.recipientId)
    tx.actAs(item.recipientId)
    const [, isNewer] = await Promise.all([tx.hold([topic]), folds.forward(tx, item)])
    const now = isNewer ? await folds.setCount(tx, item) : undefined
    if (now) tx.emit(topic, item.count === 0 ? 'notification.read' : 'notification', now.row, now.id)
  })
