import { randomBytes } from 'node:crypto'
import type { NewUpload } from '@wealist/contract/chat/attachments'
import { conflict, invalid, notFound } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { JobCtx } from '@wealist/kit/jobs'
import type { Tx } from '@wealist/kit/tx'
import { change, see } from './access.ts'
import * as attachments from './attachments.sql.ts'
import type { Ctx, Deps } from './deps.ts'

const mostWaiting = 25
const formSeconds = 600
const downloadSeconds = 300
/** An upload that no message named within an hour is forgotten; the last ten minutes are for messages under way. */
const uploadMs = 3_600_000
const sendMinutes = 50

/** Where a form writes to: what it may still write later is not what was sent, which is a copy. */
const uploadOf = (key: string) => `uploads/${key}`

export const begin = async (ctx: Ctx, roomId: string, input: NewUpload) => {
  const id = newId()
  const key = `chats/${randomBytes(24).toString('base64url')}`
  const { contentType, size } = input
  const limits = { contentType, minBytes: size, maxBytes: size, expires: formSeconds }
  const form = await ctx.objects.form(uploadOf(key), limits)
  await change(ctx, { via: 'room', id: roomId, alone: true }, async (tx) => {
    if ((await attachments.waiting(tx, { roomId, userId: ctx.actor.id })) >= mostWaiting)
      throw conflict(`Send the ${mostWaiting} files that you uploaded to this room first.`)
    await attachments.insert(tx, { ...input, id, key, roomId, createdBy: ctx.actor.id })
    tx.addJob('upload.expire', { id, key }, { runAt: new Date(ctx.clock.now() + uploadMs) })
  })
  return { id, ...form, expiresIn: formSeconds }
}

export const download = async (ctx: Ctx, { id: roomId, attachmentId: id }: { id: string; attachmentId: string }) => {
  const found = await attachments.find(ctx.db, { roomId, id, userId: ctx.actor.id })
  await see(ctx, found, 'room')
  if (!found?.key) throw notFound('This file')
  const { key, name, contentType } = found
  const downloadUrl = await ctx.objects.download(key, { name, contentType, expires: downloadSeconds })
  return { downloadUrl, expiresIn: downloadSeconds }
}

/**
 * What a message is going to show, once it was checked what S3 really holds and a copy of it was kept. Before the
 * transaction, in which `give` then decides whose they are.
 */
export const check = async (ctx: Ctx, roomId: string, ids: readonly string[]) => {
  if (ids.length === 0) return []
  const found = await attachments.mine(ctx.db, { ids, roomId, userId: ctx.actor.id, minutes: sendMinutes })
  const faults = await Promise.all(
    ids.map(async (id, i) => {
      const message = await faultOf(
        ctx,
        found.find((u) => u.id === id),
      )
      return message ? [{ path: `attachments.${i}`, message }] : []
    }),
  )
  if (faults.flat().length > 0) throw invalid(faults.flat())
  return ids.map((id) => {
    const { name, contentType, size } = found.find((u) => u.id === id)!
    return { id, name, contentType, size }
  })
}

const faultOf = async ({ objects }: Ctx, upload: attachments.Upload | undefined) => {
  if (!upload) return 'is no upload of yours in this room'
  const from = uploadOf(upload.key)
  const stored = await objects.inspect(from)
  if (!stored) return 'was not uploaded yet'
  if (stored.size !== upload.size) return `has ${stored.size} bytes, not the ${upload.size} that were announced`
  if (stored.contentType !== upload.contentType)
    return `is ${stored.contentType}, not the ${upload.contentType} announced`
  await objects.publish({ from, to: upload.key, stored })
  return undefined
}

export const give = async (tx: Tx, messageId: string, ids: readonly string[]) => {
  if (ids.length > 0 && (await attachments.give(tx, { ids, messageId })) !== ids.length)
    throw conflict('Another message has one of these files.')
}

/** Takes the files of a message along. */
export const drop = async (tx: Tx, messageId: string) =>
  removeObjects(tx, await attachments.dropOfMessage(tx, messageId))

export const removeObjects = (tx: Tx, rows: readonly { key: string }[]) => {
  const keys = rows.flatMap(({ key }) => [uploadOf(key), key])
  if (keys.length > 0) tx.addJob('objects.remove', { keys })
}

/** The job's part, when the form can write no more: its object goes, and the copy that no message has. */
export const expire = ({ tx }: JobCtx<Deps>, { id, key }: { id: string; key: string }) =>
  tx(async (t) => {
    const kept = await attachments.expire(t, id)
    t.addJob('objects.remove', { keys: kept ? [uploadOf(key)] : [uploadOf(key), key] })
  })
