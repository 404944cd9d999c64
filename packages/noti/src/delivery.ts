import type { Item } from '@wealist/contract/noti/internal'
import type { Peer } from '@wealist/kit/actor'
import { newId } from '@wealist/kit/ids'
import type { Ctx } from './deps.ts'
import * as delivery from './delivery.sql.ts'
import { topicOf } from './notifications.ts'
import { heard } from './preferences.ts'

/** One transaction an item: what was stored before something failed is a duplicate when the sender repeats it all. */
export const create = async (ctx: Ctx<Peer>, items: readonly Item[]) => {
  let created = 0
  let duplicates = 0
  for (const item of items) {
    const done = await deliver(ctx, item)
    created += done.created
    duplicates += done.duplicates
  }
  return { created, duplicates }
}

const nobody = { created: 0, duplicates: 0 }

const deliver = async (ctx: Ctx<Peer>, item: Item) => {
  const { actorId, type, workspaceId } = item
  const totals = new Map('totals' in item ? item.recipients.map((id, i) => [id, item.totals?.[i]]) : [])
  const recipients = [...new Set(item.recipients)].filter((id) => id !== actorId)
  if (recipients.length === 0) return nobody
  return ctx.tx(async (tx) => {
    tx.actAs(actorId)
    const audience = await delivery.audience(tx, { recipients, workspaceId })
    const at = new Date(ctx.clock.now())
    const wanted = audience.flatMap(({ userId, preferences }) => {
      const how = heard(preferences ?? undefined, { type, workspaceId, at })
      const what = { id: newId(), recipientId: userId, silent: how === 'silently', total: totals.get(userId) }
      return how === 'no' ? [] : [what]
    })
    if (wanted.length === 0) return nobody
    // Sent in one go, so that the topics are held for one round trip less.
    const [, made] = await Promise.all([
      tx.hold(wanted.map((w) => topicOf(w.recipientId))),
      delivery.insert(tx, item, wanted),
    ])
    for (const { recipientId, id, row } of made) tx.emit(topicOf(recipientId), 'notification', row, id)
    return { created: made.length, duplicates: wanted.length - made.length }
  })
}
