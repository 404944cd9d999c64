import { id } from '@wealist/contract/fields'
import { internal as noti } from '@wealist/contract/noti'
import type { Item } from '@wealist/contract/noti/internal'
import { job, type JobCtx } from '@wealist/kit/jobs'
import type { Sql } from '@wealist/kit/sql'
import type { Tx } from '@wealist/kit/tx'
import * as z from 'zod'
import { topicOf } from './access.ts'
import type { Deps } from './deps.ts'
import { leaveRooms } from './directory.ts'
import { eventOf, excerptOf, foldOf } from './notices.marks.ts'
import * as notices from './notices.sql.ts'

/** Whoever reads within that time is not told at all. */
const patience = 3000
const mostRecipients = 100
const mostItems = 10
/** More who are strangers at once are those of a workspace that ended, which user-service's log takes out with it. */
const mostStrangers = 20

/** Something was said in a room: those who are away are told, once for all that was said meanwhile. */
export const said = (tx: Tx, roomId: string) =>
  tx.addJob('noti.room', { roomId }, { key: `room:${roomId}`, runAt: new Date(Date.now() + patience) })

/** The same of all rooms in which something was said, for `tx.appendAll`. */
export const saidIn = (placed: Sql) => notices.waiting(placed, { ms: patience })

const tell = async (ctx: JobCtx<Deps>, { roomId }: { roomId: string }) => {
  const pinned = await notices.pin(ctx.db, roomId)
  if (!pinned) return
  const { from, to } = pinned
  const { said: messages, people } = (await notices.unread(ctx.db, { roomId, from, to }))!
  const present = await ctx.live.presence.people(topicOf(roomId))
  const away = await membersOf(
    ctx,
    pinned.workspaceId,
    people.filter(({ userId }) => !present.has(userId)),
  )
  const counted = await countedOf(ctx, roomId, away)
  const items = itemsFor({ roomId, ...pinned }, messages, counted)
  for (let i = 0; i < items.length; i += mostItems) {
    await ctx.job.lease()
    await ctx.call('noti', noti.create, { body: { items: items.slice(i, i + mostItems) } })
  }
  if (await notices.unpin(ctx.db, { roomId, to })) await ctx.tx(async (tx) => said(tx, roomId))
}

/**
 * Those of them who are in the workspace. Whoever left it while they were being added to the room came after the event that
 * takes people out, so they are taken out here.
 */
const membersOf = async (ctx: JobCtx<Deps>, workspaceId: string, people: readonly notices.Reader[]) => {
  const ids = people.map(({ userId }) => userId)
  const roles = await ctx.memberships.among(workspaceId, ids, { fresh: true })
  const strangers = ids.filter((userId) => !roles.get(userId)?.role)
  for (const userId of strangers.slice(0, mostStrangers)) await ctx.tx((tx) => leaveRooms(tx, { userId, workspaceId }))
  return people.filter(({ userId }) => roles.get(userId)?.role)
}

/** With what they have unread now; who has read it meanwhile is no longer among them. */
const countedOf = async (ctx: JobCtx<Deps>, roomId: string, away: readonly notices.Reader[]) => {
  const counted: notices.Count[] = []
  for (let i = 0; i < away.length; i += mostRecipients) {
    const people = away.slice(i, i + mostRecipients).map(({ userId }) => userId)
    counted.push(...(await notices.counts(ctx.db, { roomId, people, limit: mostRecipients })))
  }
  return counted.filter(({ count }) => count > 0)
}

interface Where {
  roomId: string
  workspaceId: string
  name: string | null
}

/** Everybody hears once: of the newest message that mentions them, or else of the newest that is not their own. */
const itemsFor = (where: Where, messages: readonly notices.Said[], away: readonly notices.Count[]): Item[] => {
  const waiting = new Set(away)
  const items: Item[] = []
  for (const type of ['mention', 'chat_message'] as const)
    for (const message of messages) {
      const hearing = [...waiting].filter(
        ({ userId, readSeq }) =>
          userId !== message.senderId &&
          readSeq < message.seq &&
          (type === 'chat_message' || message.mentions.includes(userId)),
      )
      for (const person of hearing) waiting.delete(person)
      for (let i = 0; i < hearing.length; i += mostRecipients)
        items.push(itemOf(where, { type, message, people: hearing.slice(i, i + mostRecipients) }))
    }
  return items
}

const itemOf = (
  { roomId, workspaceId, name }: Where,
  { type, message, people }: { type: 'mention' | 'chat_message'; message: notices.Said; people: notices.Count[] },
): Item => {
  const item = {
    eventId: eventOf(message.id),
    source: 'chat' as const,
    recipients: people.map(({ userId }) => userId),
    actorId: message.senderId,
    workspaceId,
    data: {
      actorName: message.senderName,
      chatId: roomId,
      chatName: name,
      messageId: message.id,
      excerpt: excerptOf(message.beginning),
    },
  }
  if (type === 'mention') return { ...item, type, within: { fold: foldOf(roomId), seq: message.seq } }
  return { ...item, type, fold: foldOf(roomId), totals: people.map(({ count, seq }) => ({ count, seq })) }
}

export const jobs = [job('noti.room', z.strictObject({ roomId: id }), tell)]
