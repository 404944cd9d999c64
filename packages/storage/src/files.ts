import { invalid, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { PageRequest } from '@wealist/kit/page'
import type { Queryable } from '@wealist/kit/sql'
import type { Tx } from '@wealist/kit/tx'
import { change, placeOf } from './access.ts'
import type { Ctx } from './deps.ts'
import * as files from './files.sql.ts'
import { nameTaken } from './folders.ts'
import * as folders from './folders.sql.ts'
import { nameKey } from './names.ts'
import { dropped } from './usage.ts'
import * as usage from './usage.sql.ts'

const mostVersions = 100
const addressSeconds = 300

export const list = async (ctx: Ctx, filter: files.Filter, page: PageRequest) => {
  await placeOf(ctx, { via: 'workspace', id: filter.workspaceId })
  return files.list(ctx.db, { ...filter, page })
}

export const get = async (ctx: Ctx, id: string) => {
  await placeOf(ctx, { via: 'file', id })
  return files.get(ctx.db, id)
}

export const update = (ctx: Ctx, id: string, { name }: { name: string }) =>
  change(ctx, { via: 'file', id }, async (tx, { workspaceId }) => {
    const was = await files.find(tx, { id, workspaceId })
    if (!was) throw notFound('This file')
    if (ctx.request.ifMatch !== undefined && ctx.request.ifMatch !== was.version) throw stale()
    return files.place(tx, { id, folderId: was.folderId, name, nameKey: nameKey(name) }).catch(nameTaken)
  })

export const move = (ctx: Ctx, id: string, folderId: string | null) =>
  change(ctx, { via: 'file', id }, async (tx, { workspaceId }) => {
    const was = await files.find(tx, { id, workspaceId })
    if (!was) throw notFound('This file')
    await mustBeFolder(tx, { workspaceId, folderId })
    return files.place(tx, { id, folderId, name: was.name, nameKey: nameKey(was.name) }).catch(nameTaken)
  })

export const download = async (ctx: Ctx, id: string, number: number | undefined) => {
  await placeOf(ctx, { via: 'file', id })
  const found = await files.version(ctx.db, { fileId: id, number })
  if (!found) throw notFound(number === undefined ? 'This file' : 'This version')
  return addressOf(ctx, found)
}

export const addressOf = async (ctx: Pick<Ctx, 'objects'>, { key, name, mimeType }: files.StoredVersion) => ({
  downloadUrl: await ctx.objects.download(key, { name, contentType: mimeType, expires: addressSeconds }),
  expiresIn: addressSeconds,
})

export const thumbnail = async (ctx: Ctx, id: string) => {
  await placeOf(ctx, { via: 'file', id })
  const found = await files.version(ctx.db, { fileId: id, number: undefined })
  if (!found?.thumbnailKey) throw notFound('This picture')
  return addressOf(ctx, { ...found, key: found.thumbnailKey, mimeType: 'image/webp' })
}

export const versions = async (ctx: Ctx, id: string) => {
  await placeOf(ctx, { via: 'file', id })
  return files.versions(ctx.db, id)
}

/** Its content is not copied: the file shows that version again, and what is added next comes after all there were. */
export const restoreVersion = (ctx: Ctx, id: string, number: number) =>
  change(ctx, { via: 'file', id }, async (tx, { workspaceId }) => {
    if (!(await files.find(tx, { id, workspaceId }))) throw notFound('This file')
    const found = await files.version(tx, { fileId: id, number })
    if (!found) throw notFound('This version')
    return files.setCurrent(tx, { id, ...found })
  })

export interface Stored extends files.Content {
  workspaceId: string
  folderId: string | null
  name: string
  key: string
  createdBy: string
}

/** Makes a file of what S3 holds under a key, or the next version of the one of that name. The drive is locked. */
export const add = async (tx: Tx, { workspaceId, folderId, name, key, createdBy, ...content }: Stored) => {
  await mustBeFolder(tx, { workspaceId, folderId })
  const there = await files.named(tx, { workspaceId, folderId, nameKey: nameKey(name) })
  const id = there?.id ?? newId()
  if (!there) await files.insert(tx, { ...content, id, workspaceId, folderId, name, nameKey: nameKey(name), createdBy })
  const number = there ? await files.nextNumber(tx, id) : 1
  await files.insertVersion(tx, { ...content, fileId: id, number, key, createdBy })
  await usage.count(tx, { workspaceId, of: [content] })
  const file = await files.setCurrent(tx, { ...content, id, number })
  if (number > mostVersions)
    await dropped(tx, workspaceId, await files.dropOldVersions(tx, { fileId: id, keep: mostVersions }))
  if (content.kind === 'image') tx.addJob('thumbnail.make', { key })
  return { id, file: file! }
}

/** A folder of the workspace that is not in the trash, or the top. */
export const mustBeFolder = async (
  tx: Queryable,
  { workspaceId, folderId }: { workspaceId: string; folderId: string | null },
) => {
  if (folderId !== null && !(await folders.living(tx, { id: folderId, workspaceId })))
    throw invalid([{ path: 'folderId', message: 'is no folder of this workspace' }])
}
