import { id } from '@wealist/contract/fields'
import { internal as noti } from '@wealist/contract/noti'
import { job, type JobCtx } from '@wealist/kit/jobs'
import type { Tx } from '@wealist/kit/tx'
import * as z from 'zod'
import type { Deps } from './deps.ts'
import * as notices from './notices.sql.ts'

/** What noti knows a message by, and what it folds all messages of a room into. */
export const eventOf = (messageId: string) => `message:${messageId}`
export const foldOf = (roomId: string) => `room:${roomId}`

/** What noti quotes of a message. */
export const excerptOf = (beginning: string) => beginning.slice(0, 300).replace(/[\ud800-\udbff]$/, '')

const Read = z.strictObject({ roomId: id, userId: id })
const Deleted = z.strictObject({ roomId: id, messageId: id })
const Edited = z.strictObject({ messageId: id })
const Left = z.strictObject({ roomId: id, userIds: z.array(id) })

/** Whoever goes through a room reads many times in a moment; noti hears of it once. */
const moment = 1000
const atOnce = 100

/** Somebody has read what they may have been told of. */
export const read = (tx: Tx, who: z.output<typeof Read>) =>
  tx.addJob('noti.read', who, { key: `read:${who.roomId}:${who.userId}`, runAt: new Date(Date.now() + moment) })

/** The words of a message are gone, and those who have not read it have one less unread. */
export const deleted = (tx: Tx, message: z.output<typeof Deleted>) => tx.addJob('noti.deleted', message)

/** Those who were told what it said are told what it says. */
export const edited = (tx: Tx, message: z.output<typeof Edited>) =>
  tx.addJob('noti.edited', message, { key: `edited:${message.messageId}` })

/** People are in a room no longer, with which nothing of it is unread. */
export const left = (tx: Tx, who: z.output<typeof Left>) => tx.addJob('noti.left', who)

const stand = async (ctx: JobCtx<Deps>, roomId: string, people: readonly notices.Count[]) => {
  if (people.length === 0) return
  const fold = foldOf(roomId)
  const items = people.map((p) => ({
    source: 'chat' as const,
    fold,
    recipientId: p.userId,
    count: p.count,
    seq: p.seq,
    readSeq: p.readSeq,
  }))
  await ctx.job.lease()
  await ctx.call('noti', noti.stand, { body: { items } })
}

const tellRead = async (ctx: JobCtx<Deps>, { roomId, userId }: z.output<typeof Read>) =>
  stand(ctx, roomId, await notices.counts(ctx.db, { roomId, people: [userId], limit: 1 }))

// Whoever is told of it from now on is told without the words: they are gone before this runs.
const tellDeleted = async (ctx: JobCtx<Deps>, { roomId, messageId }: z.output<typeof Deleted>) => {
  const told = await notices.told(ctx.db, messageId)
  if (!told) return
  await ctx.job.lease()
  await ctx.call('noti', noti.withdraw, { body: { source: 'chat', eventId: eventOf(messageId) } })
  let page: notices.Count[] = []
  do {
    page = await notices.counts(ctx.db, { roomId, limit: atOnce, after: page.at(-1)?.userId })
    const concerned = page.filter(({ readSeq }) => readSeq < told.seq)
    await stand(ctx, roomId, concerned)
  } while (page.length === atOnce)
}

// The same here: whoever is told of it from now on is told the words that this finds, or later ones.
const tellEdited = async (ctx: JobCtx<Deps>, { messageId }: z.output<typeof Edited>) => {
  const told = await notices.told(ctx.db, messageId)
  if (!told || told.deleted) return
  const instead = { version: told.version, excerpt: excerptOf(told.beginning) }
  await ctx.job.lease()
  await ctx.call('noti', noti.withdraw, { body: { source: 'chat', eventId: eventOf(messageId), instead } })
}

// What is on its way to them was read while they were in the room, whose head has moved since: it is older than this.
const tellLeft = async (ctx: JobCtx<Deps>, { roomId, userIds }: z.output<typeof Left>) => {
  for (let i = 0; i < userIds.length; i += atOnce) {
    const people = userIds.slice(i, i + atOnce)
    await stand(ctx, roomId, await ctx.tx((tx) => notices.countsOfLeft(tx, { roomId, people })))
  }
}

export const jobs = [
  job('noti.read', Read, tellRead),
  job('noti.deleted', Deleted, tellDeleted),
  job('noti.edited', Edited, tellEdited),
  job('noti.left', Left, tellLeft),
]
