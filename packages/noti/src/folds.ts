import type { Standing } from '@wealist/contract/noti/internal'
import type { Peer } from '@wealist/kit/actor'
import type { Ctx } from './deps.ts'
import * as folds from './folds.sql.ts'
import { topicOf } from './notifications.ts'

/** A person's turn each: one topic a transaction. What was done before something failed is not newer when it is repeated. */
export const stand = async (ctx: Ctx<Peer>, items: readonly Standing[]) => {
  for (const item of items) while (await standFor(ctx, item));
  return undefined
}

const atOnce = 100

/** True where there may be more to mark as read. */
const standFor = (ctx: Ctx<Peer>, item: Standing) =>
  ctx.tx(async (tx) => {
    const topic = topicOf(item.recipientId)
    tx.actAs(item.recipientId)
    const [, isNewer, read] = await Promise.all([
      tx.hold([topic]),
      folds.forward(tx, item),
      folds.readWithin(tx, item, atOnce),
    ])
    const counted = isNewer ? await folds.setCount(tx, item) : []
    for (const { id, row } of counted) tx.emit(topic, item.count === 0 ? 'notification.read' : 'notification', row, id)
    for (const { id, row } of read) tx.emit(topic, 'notification.read', row, id)
    return read.length === atOnce
  })
