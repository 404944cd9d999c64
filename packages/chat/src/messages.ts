import { type Message, type NewMessage, saysSomething } from '@wealist/contract/chat/messages'
import { codeOf, conflict, forbidden, invalid, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { PageRequest } from '@wealist/kit/page'
import { constraintOf } from '@wealist/kit/sql-errors'
import type { Tx } from '@wealist/kit/tx'
import { change, mayChange, see, topicOf } from './access.ts'
import * as attachments from './attachments.ts'
import type { Ctx } from './deps.ts'
import * as messages from './messages.sql.ts'
import * as marks from './notices.marks.ts'
import * as notices from './notices.ts'
import * as participants from './participants.sql.ts'
import type { Stored } from './together.ts'

const mostEmoji = 20
/** All of them are in every answer and event that shows the message: API Gateway carries 128 KB of them. */
const mostReactions = 2000

export const list = async (ctx: Ctx, roomId: string, window: messages.Window, page: PageRequest) => {
  const { scope, page: answer } = await messages.list(ctx.db, { roomId, userId: ctx.actor.id, window, page })
  await see(ctx, scope, 'room')
  return answer
}

/**
 * Says something once, however often it is sent: the second of two with one clientId finds the first by its key. What
 * it names may be taken by the first, or gone since, so a second that is refused for that finds the first, too.
 */
export const send = async (ctx: Ctx, roomId: string, input: NewMessage) => {
  const { clientId, content, type, mentions, replyTo } = input
  const { id: senderId, name: senderName } = ctx.actor
  try {
    const files = await attachments.check(ctx, roomId, input.attachments)
    return await change(ctx, { via: 'room', id: roomId }, async (tx) => {
      await mustBeIn(tx, roomId, mentions)
      const reply = replyTo === null ? undefined : await messages.placeOf(tx, { roomId, id: replyTo })
      if (replyTo !== null && !reply) throw invalid([{ path: 'replyTo', message: 'is no message of this room' }])
      const row = {
        id: newId(),
        roomId,
        clientId,
        senderId,
        senderName,
        type,
        content,
        attachments: files,
        mentions,
        reply,
      }
      await attachments.give(tx, row.id, input.attachments)
      notices.said(tx, roomId)
      const event = { topic: topicOf(roomId), type: 'message', subject: row.id, row: messages.insert(row) }
      return tx.append<Message>({ ...event, last: true })
    })
  } catch (error) {
    if (!mayBeSecond(error)) throw error
    const mine = { roomId, senderId, clientId }
    const first = await change(ctx, { via: 'room', id: roomId }, (tx) => messages.byClient(tx, mine))
    if (first) return first
    throw error
  }
}

const mayBeSecond = (error: unknown) =>
  constraintOf(error) === 'messages_client' || ['CONFLICT', 'VALIDATION_ERROR'].includes(codeOf(error) ?? '')

/** The same for who waits for no more than its place: with what others say meanwhile, unless it names something. */
export const say = async (ctx: Ctx, roomId: string, input: NewMessage): Promise<Stored> => {
  const { clientId, content, type, mentions, replyTo, attachments: files } = input
  if (mentions.length === 0 && replyTo === null && files.length === 0) {
    await mayChange(ctx, 'room', roomId)
    const { id: senderId, name: senderName } = ctx.actor
    const stored = await ctx.together({ id: newId(), roomId, clientId, senderId, senderName, type, content })
    if (stored) return stored
  }
  return (await send(ctx, roomId, input)).parse() as Message
}

export const update = (ctx: Ctx, id: string, input: { content: string; mentions?: string[] | undefined }) =>
  change(ctx, { via: 'message', id }, async (tx, { id: roomId }) => {
    const was = await living(tx, id)
    if (was.senderId !== ctx.actor.id) throw forbidden('Only its author changes a message.')
    if (ctx.request.ifMatch !== undefined && ctx.request.ifMatch !== was.version) throw stale()
    const { content, mentions = was.mentions } = input
    if (!saysSomething({ content, attachments: was.attachments.map((a) => a.id) }))
      throw invalid([{ path: 'content', message: 'is needed' }])
    await mustBeIn(
      tx,
      roomId,
      mentions.filter((person) => !was.mentions.includes(person)),
    )
    const message = await messages.edit(tx, { id, content, mentions })
    tx.emit(topicOf(roomId), 'message.updated', message!, id)
    marks.edited(tx, { messageId: id })
    return message
  })

export const remove = (ctx: Ctx, id: string) =>
  change(ctx, { via: 'message', id }, async (tx, { id: roomId, role }) => {
    const was = await living(tx, id)
    if (was.senderId !== ctx.actor.id && role !== 'admin')
      throw forbidden('Only its author and admins of the room delete a message.')
    const message = await messages.blank(tx, id)
    await attachments.drop(tx, id)
    await tx.erase(topicOf(roomId), [id])
    tx.emit(topicOf(roomId), 'message.deleted', message!)
    marks.deleted(tx, { roomId, messageId: id })
    return undefined
  })

export const react = (ctx: Ctx, id: string, emoji: string) =>
  changeReactions(ctx, id, (reactions) => {
    const there = reactions.find((r) => r.emoji === emoji)
    if (there?.userIds.includes(ctx.actor.id)) return undefined
    if (!there && reactions.length >= mostEmoji) throw conflict(`A message takes ${mostEmoji} different emoji at most.`)
    if (reactions.reduce((n, r) => n + r.userIds.length, 0) >= mostReactions)
      throw conflict(`A message takes ${mostReactions} reactions at most.`)
    return there
      ? reactions.map((r) => (r === there ? { emoji, userIds: [...r.userIds, ctx.actor.id] } : r))
      : [...reactions, { emoji, userIds: [ctx.actor.id] }]
  })

export const unreact = (ctx: Ctx, id: string, emoji: string) =>
  changeReactions(ctx, id, (reactions) => {
    if (!reactions.some((r) => r.emoji === emoji && r.userIds.includes(ctx.actor.id))) return undefined
    return reactions
      .map((r) => (r.emoji === emoji ? { emoji, userIds: r.userIds.filter((u) => u !== ctx.actor.id) } : r))
      .filter((r) => r.userIds.length > 0)
  })

const changeReactions = (
  ctx: Ctx,
  id: string,
  next: (reactions: Message['reactions']) => Message['reactions'] | undefined,
) =>
  change(ctx, { via: 'message', id }, async (tx, { id: roomId }) => {
    const reactions = next((await living(tx, id)).reactions)
    if (!reactions) return (await messages.get(tx, { id, userId: ctx.actor.id })).item
    const message = await messages.setReactions(tx, { id, reactions })
    tx.emit(topicOf(roomId), 'reaction', { messageId: id, reactions }, id)
    return message
  })

export const search = async (
  ctx: Ctx,
  { workspaceId, q, chatId }: { workspaceId: string; q: string; chatId?: string | undefined },
  page: PageRequest,
) => {
  await ctx.memberships.require(workspaceId, ctx.actor.id)
  return messages.search(ctx.db, { workspaceId, userId: ctx.actor.id, text: q, roomId: chatId, page })
}

const living = async (tx: Tx, id: string) => {
  const message = await messages.lock(tx, id)
  if (!message || message.deleted) throw notFound('This message')
  if (message.type === 'system') throw forbidden('What the system says stays as it is.')
  return message
}

const mustBeIn = async (tx: Tx, roomId: string, people: readonly string[]) => {
  if (people.length === 0) return
  const there = await participants.among(tx, { roomId, ids: people })
  const strangers = people.flatMap((id, i) =>
    there.includes(id) ? [] : [{ path: `mentions.${i}`, message: 'is nobody of this room' }],
  )
  if (strangers.length > 0) throw invalid(strangers)
}
