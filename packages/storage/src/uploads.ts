import { randomBytes } from 'node:crypto'
import { formBytes } from '@wealist/contract/files'
import type { Completion, NewUpload, Upload } from '@wealist/contract/storage/uploads'
import { conflict, invalid, notFound } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { WorkspaceRole } from '@wealist/kit/membership'
import type { PageRequest } from '@wealist/kit/page'
import type { Tx } from '@wealist/kit/tx'
import { change, placeOf } from './access.ts'
import type { Ctx } from './deps.ts'
import { add, mustBeFolder } from './files.ts'
import * as files from './files.sql.ts'
import { faultOf, kindOf } from './kinds.ts'
import * as store from './store.ts'
import * as uploads from './uploads.sql.ts'
import { removeObjects, reserve } from './usage.ts'
import * as usage from './usage.sql.ts'

const formSeconds = 600
/** A form that was not completed by then is given up: one that S3 began to take in its last second has come by then, at 25 KB/s. */
export const formMinutes = 45
/** An upload in parts likewise. */
export const uploadHours = 24
const partSize = 16 * 1024 * 1024

export const newKey = () => `drive/${randomBytes(24).toString('base64url')}`
/** Where a form writes to: what it may still write later is not what was completed, which is a copy under a key of its own. */
export const formKey = (key: string) => `uploads/${key}`

/** Room is kept first: what is announced to S3 has a row that the clean-up finds. Nobody sends 5 GB into a folder that is not there. */
export const create = async (ctx: Ctx, input: NewUpload): Promise<Upload> => {
  const { workspaceId, size, mimeType: contentType } = input
  await placeOf(ctx, { via: 'workspace', id: workspaceId })
  const [id, key] = [newId(), newKey()]
  const parts = size > formBytes
  const multipartId = parts ? await store.beginParts(ctx.objects, { key, contentType }) : null
  await change(ctx, { via: 'workspace', id: workspaceId }, async (tx) => {
    await mustBeFolder(tx, input)
    await reserve(tx, workspaceId, size)
    await uploads.insert(tx, { sha256: null, ...input, id, key, multipartId, fileId: null, createdBy: ctx.actor.id })
  }).catch(async (error: unknown) => {
    if (multipartId) await store.abortParts(ctx.objects, { key, uploadId: multipartId }).catch(() => undefined)
    throw error
  })
  if (multipartId) {
    const expiresIn = uploadHours * 3600
    const of = { key, uploadId: multipartId, size, partSize }
    const addresses = await store.partAddresses(ctx.objects, { ...of, expires: expiresIn })
    return { id, mode: 'multipart', partSize, parts: addresses, expiresIn }
  }
  const form = await ctx.objects.form(formKey(key), {
    contentType,
    minBytes: size,
    maxBytes: size,
    expires: formSeconds,
  })
  return { id, mode: 'form', ...form, expiresIn: formSeconds }
}

export const complete = async (ctx: Ctx, id: string, { parts }: Completion) => {
  await placeOf(ctx, { via: 'upload', id })
  const mine = { id, by: ctx.actor.id }
  const upload = await uploads.find(ctx.db, mine)
  if (!upload) throw notFound('This upload')
  if (upload.fileId) return again(ctx, upload.fileId)
  await mustBeFolder(ctx.db, upload)
  const key = await check(ctx, upload, parts)
  return change(ctx, { via: 'upload', id }, async (tx, { workspaceId }) => {
    const now = await uploads.lock(tx, id)
    if (!now) {
      // Completed by another call meanwhile, of a copy of its own.
      const done = await uploads.find(tx, mine)
      if (!done?.fileId) throw notFound('This upload')
      if (key !== done.key) removeObjects(tx, [key])
      return again({ db: tx }, done.fileId)
    }
    const { folderId, name, size, mimeType } = now
    await usage.release(tx, { workspaceId, bytes: size })
    const content = { size, mimeType, kind: kindOf(mimeType) }
    const { id: fileId, file } = await add(tx, {
      ...content,
      workspaceId,
      folderId,
      name,
      key,
      createdBy: ctx.actor.id,
    })
    await uploads.became(tx, { id, fileId })
    forgetForm(tx, ctx.clock.now(), now.key)
    return file
  })
}

const again = async (ctx: Pick<Ctx, 'db'> | { db: Tx }, fileId: string) => {
  const file = await files.get(ctx.db, fileId)
  if (!file) throw notFound('This file')
  return file
}

/**
 * Looks at what S3 really holds, and gives its key. Joined parts are final. A form’s object is copied, since the form may
 * write again, by each call to a key of its own: one that comes late does not write over what another completed.
 */
const check = async (ctx: Ctx, upload: uploads.Upload, parts: Completion['parts']) => {
  const { key, multipartId, size, mimeType, sha256 } = upload
  if (multipartId) {
    if (!parts) throw invalid([{ path: 'parts', message: 'are needed' }])
    const message = await store.joinParts(ctx.objects, { key, uploadId: multipartId, parts })
    if (message) throw invalid([{ path: 'parts', message }])
  }
  const from = multipartId ? key : formKey(key)
  const stored = await ctx.objects.inspect(from)
  if (!stored) throw conflict('Nothing was uploaded yet.')
  const wrong =
    stored.size !== size
      ? `has ${stored.size} bytes, not the ${size} that were announced`
      : ((await faultOf(mimeType, await store.beginningOf(ctx.objects, from))) ??
        (sha256 && (await store.sha256Of(ctx.objects, from)) !== sha256 ? 'has another checksum' : undefined))
  if (wrong) {
    await change(ctx, { via: 'upload', id: upload.id }, (tx) => drop(tx, upload.id))
    throw invalid([{ path: 'id', message: `The file ${wrong}. It was removed` }])
  }
  if (multipartId) return key
  const to = newKey()
  await ctx.objects.publish({ from, to, stored })
  return to
}

// Who runs the workspace gives back the room that somebody lost.
const whose = (ctx: Ctx, role: WorkspaceRole) => (role === 'member' ? ctx.actor.id : undefined)

export const list = async (ctx: Ctx, workspaceId: string, page: PageRequest) => {
  const { role } = await placeOf(ctx, { via: 'workspace', id: workspaceId })
  return uploads.list(ctx.db, { workspaceId, by: whose(ctx, role), page })
}

export const abort = async (ctx: Ctx, id: string) => {
  const { role } = await placeOf(ctx, { via: 'upload', id })
  const upload = await uploads.find(ctx.db, { id, by: whose(ctx, role) })
  if (!upload || upload.fileId) throw notFound('This upload')
  await change(ctx, { via: 'upload', id }, (tx) => drop(tx, id))
  return undefined
}

// Once more when the form can write no more.
const forgetForm = (tx: Tx, now: number, key: string) =>
  tx.addJob('objects.remove', { keys: [formKey(key)] }, { runAt: new Date(now + (formSeconds + 60) * 1000) })

/** Ends an upload of which nothing became: its bytes are free, and what S3 has of it goes. The drive is locked. */
export const drop = async (tx: Tx, id: string) => {
  const upload = await uploads.lock(tx, id)
  if (!upload) return
  const { workspaceId, size, key, multipartId } = upload
  await uploads.remove(tx, id)
  await usage.release(tx, { workspaceId, bytes: size })
  if (multipartId) tx.addJob('parts.abort', { key, uploadId: multipartId })
  removeObjects(tx, [key, formKey(key)])
  forgetForm(tx, Date.now(), key)
}
