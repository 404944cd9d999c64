import { randomBytes } from 'node:crypto'
import type { NewAttachment } from '@wealist/contract/board/attachments'
import type { UploadForm } from '@wealist/contract/files'
import type { Base } from '@wealist/kit/context'
import { conflict, forbidden, invalid, notFound } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { Stored } from '@wealist/kit/objects'
import type { Tx } from '@wealist/kit/tx'
import { atLeast, change, see, topicOf } from './access.ts'
import * as attachments from './attachments.sql.ts'
import type { Dropped, Named, Upload } from './attachments.sql.ts'
import type { Ctx, Deps } from './deps.ts'

const most = 100
const mostPending = 25
const formSeconds = 600
const downloadSeconds = 300
/** An upload that nobody confirmed within an hour is forgotten; the last ten minutes are for confirmations under way. */
const uploadMs = 3_600_000
const confirmMinutes = 50

/** Where a form writes to: what it may still write later is not what was confirmed, which is a copy. */
const uploadOf = (key: string) => `uploads/${key}`

export const list = async (ctx: Ctx, taskId: string) => {
  const { scope, item } = await attachments.list(ctx.db, { taskId, userId: ctx.actor.id })
  await see(ctx, scope, 'task')
  if (!item) throw notFound('This task')
  return item
}

export const begin = async (ctx: Ctx, taskId: string, input: NewAttachment): Promise<UploadForm> => {
  const id = newId()
  const key = `attachments/${randomBytes(24).toString('base64url')}`
  const { contentType, size } = input
  const limits = { contentType, minBytes: size, maxBytes: size, expires: formSeconds }
  const form = await ctx.objects.form(uploadOf(key), limits)
  await change(ctx, { via: 'task', id: taskId, least: 'member' }, async (tx, { projectId }) => {
    const there = await attachments.room(tx, { taskId, userId: ctx.actor.id })
    if (!there) throw notFound('This task')
    if (there.all >= most) throw conflict(`A task has ${most} files at most.`)
    if (there.pending >= mostPending) throw conflict(`Confirm your ${mostPending} uploads to this task first.`)
    await attachments.issue(tx, { ...input, id, taskId, projectId, key, createdBy: ctx.actor.id })
    tx.addJob('attachment.expire', { id, key }, { runAt: new Date(ctx.clock.now() + uploadMs) })
  })
  return { id, ...form, expiresIn: formSeconds }
}

export const confirm = async (ctx: Ctx, of: Named) => {
  const mine = { ...of, userId: ctx.actor.id }
  const upload = await attachments.mine(ctx.db, { ...mine, minutes: confirmMinutes })
  if (!upload || (upload.expired && !upload.confirmed)) throw notFound('This upload')
  if (!upload.confirmed) await check(ctx, of, upload)
  return change(ctx, { via: 'task', id: of.id, least: 'member' }, async (tx, { projectId }) => {
    const now = await attachments.confirm(tx, mine)
    if (now) {
      tx.emit(topicOf(projectId), 'attachment.created', now.event, of.attachmentId)
      return now.answer
    }
    const before = await attachments.confirmed(tx, of)
    if (!before) throw notFound('This upload')
    return before
  })
}

export const download = async (ctx: Ctx, of: Named) => {
  const found = await attachments.find(ctx.db, { ...of, userId: ctx.actor.id })
  await see(ctx, found, 'task')
  if (!found?.key) throw notFound('This file')
  const { key, name, contentType } = found
  const downloadUrl = await ctx.objects.download(key, { name, contentType, expires: downloadSeconds })
  return { downloadUrl, expiresIn: downloadSeconds }
}

export const remove = (ctx: Ctx, of: Named) =>
  change(ctx, { via: 'task', id: of.id, least: 'member' }, async (tx, { projectId, role }) => {
    const there = await attachments.lock(tx, of)
    const own = there?.createdBy === ctx.actor.id
    // An upload that is under way is nobody else's to know.
    if (!there || !(there.confirmed || own)) throw notFound('This file')
    if (!own && !atLeast(role, 'admin')) throw forbidden('Who uploaded it or a project admin may delete it.')
    await drop(tx, projectId, of)
    return undefined
  })

/** The job's part, when the form can write no more: its object goes, and what was never confirmed. */
export const expire = ({ db }: Base & Deps, { id, key }: { id: string; key: string }) =>
  db.tx(async (tx) => {
    const kept = await attachments.expire(tx, id)
    tx.addJob('objects.remove', { keys: kept ? [uploadOf(key)] : [uploadOf(key), key] })
  })

/** Adds the jobs that remove the objects of rows which this transaction deletes. */
export const removeObjectsOf = (tx: Tx, dropped: readonly Dropped[]) => {
  const keys = dropped.flatMap(({ key }) => [uploadOf(key), key])
  for (let i = 0; i < keys.length; i += 500) tx.addJob('objects.remove', { keys: keys.slice(i, i + 500) })
}

/** Looks at what S3 holds and keeps a copy of it; an upload that is not what was announced ends here. */
const check = async (ctx: Ctx, of: Named, upload: Upload) => {
  const from = uploadOf(upload.key)
  const stored = await ctx.objects.inspect(from)
  if (!stored) throw conflict('Nothing was uploaded for this file yet.')
  const wrong = whatIsWrong(stored, upload)
  if (!wrong) return ctx.objects.publish({ from, to: upload.key, stored })
  await change(ctx, { via: 'task', id: of.id, least: 'member' }, async (tx, { projectId }) => {
    if ((await attachments.lock(tx, of))?.confirmed === false) await drop(tx, projectId, of)
  })
  throw invalid([{ path: 'attachmentId', message: wrong }])
}

const whatIsWrong = ({ size, contentType }: Stored, announced: Upload) => {
  if (size !== announced.size) return `has ${size} bytes, not the ${announced.size} that were announced`
  if (contentType !== announced.contentType) return `is ${contentType}, not the ${announced.contentType} announced`
  return undefined
}

const drop = async (tx: Tx, projectId: string, of: Named) => {
  const gone = await attachments.remove(tx, of)
  if (!gone) return
  if (gone.event) {
    await tx.erase(topicOf(projectId), [of.attachmentId])
    tx.emit(topicOf(projectId), 'attachment.deleted', gone.event)
  }
  removeObjectsOf(tx, [gone])
}
