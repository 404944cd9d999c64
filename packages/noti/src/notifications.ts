import { notFound } from '@wealist/kit/errors'
import type { PageRequest } from '@wealist/kit/page'
import type { Tx } from '@wealist/kit/tx'
import type { Ctx } from './deps.ts'
import { languageOf } from './language.ts'
import * as notifications from './notifications.sql.ts'
import { inLanguage, type Stored } from './texts.ts'

/** The live topic of a person. */
export const topicOf = (userId: string) => `user:${userId}`

const inTheirs = (ctx: Ctx, stored: Stored) => inLanguage(stored, languageOf(ctx.request.header('accept-language')))

/**
 * A change of what a person has. Their topic is locked first, here and where they are notified: so each change sees
 * all that has a lower seq than its own event, and "all of them" means the same to every reader of the log.
 */
const change = <T>(ctx: Ctx, work: (tx: Tx, topic: string) => Promise<T>) =>
  ctx.tx(async (tx) => {
    const topic = topicOf(ctx.actor.id)
    const [, answer] = await Promise.all([tx.hold([topic]), work(tx, topic)])
    return answer
  })

export const list = async (
  ctx: Ctx,
  { unreadOnly = false, workspaceId, page }: { unreadOnly?: boolean; workspaceId?: string; page: PageRequest },
) => {
  const { items, ...rest } = await notifications.list(ctx.db, { userId: ctx.actor.id, unreadOnly, workspaceId, page })
  return { items: items.map((stored) => inTheirs(ctx, stored)), ...rest }
}

export const unreadCount = async (ctx: Ctx) => (await notifications.unread(ctx.db, [ctx.actor.id]))[0]

export const get = async (ctx: Ctx, id: string) => {
  const there = await notifications.get(ctx.db, { id, userId: ctx.actor.id })
  return there && inTheirs(ctx, there.parse())
}

export const read = (ctx: Ctx, id: string) =>
  change(ctx, async (tx, topic) => {
    const mine = { id, userId: ctx.actor.id }
    const now = await notifications.markRead(tx, mine)
    if (now) tx.emit(topic, 'notification.read', now, id)
    const there = now ?? (await notifications.get(tx, mine))
    return there && inTheirs(ctx, there.parse())
  })

export const readAll = (ctx: Ctx, workspaceId: string | undefined) =>
  change(ctx, async (tx, topic) => {
    const { count, readAt } = await notifications.markAllRead(tx, { userId: ctx.actor.id, workspaceId })
    if (count > 0) tx.emit(topic, 'notifications.read', { workspaceId: workspaceId ?? null, readAt })
    return { count }
  })

export const remove = (ctx: Ctx, id: string) =>
  change(ctx, async (tx, topic) => {
    if ((await notifications.remove(tx, { id, userId: ctx.actor.id })) === 0) throw notFound('This notification')
    await tx.erase(topic, [id])
    tx.emit(topic, 'notification.deleted', { id })
    return undefined
  })
