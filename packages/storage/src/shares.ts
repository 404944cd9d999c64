import { createHash, randomBytes } from 'node:crypto'
import type { NewShare } from '@wealist/contract/storage/shares'
import { notFound } from '@wealist/kit/errors'
import type { Anonymous, Person } from '@wealist/kit/actor'
import { newId } from '@wealist/kit/ids'
import type { JobCtx } from '@wealist/kit/jobs'
import { pageRequest } from '@wealist/kit/page'
import { change, placeOf } from './access.ts'
import { pageOf } from './contents.ts'
import type { Ctx, Deps } from './deps.ts'
import { addressOf } from './files.ts'
import * as files from './files.sql.ts'
import * as folders from './folders.sql.ts'
import { mustKnow } from './share-password.ts'
import * as shares from './shares.sql.ts'

/** 256 bits nobody guesses, so a plain hash keeps them. */
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')

export interface Shared {
  thing: shares.Thing
  id: string
}

/** The password is hashed before the transaction, since that takes its time. */
export const create = async (ctx: Ctx, { thing, id: of }: Shared, { expiresIn, password, permission }: NewShare) => {
  const token = randomBytes(32).toString('base64url')
  await placeOf(ctx, { via: thing, id: of })
  const passwordHash = password === undefined ? null : await ctx.passwords.hash(password)
  const share = await change(ctx, { via: thing, id: of }, async (tx, { workspaceId }) => {
    if (!(await livingThing(tx, { thing, of, workspaceId })))
      throw notFound(thing === 'file' ? 'This file' : 'This folder')
    const row = { id: newId(), workspaceId, thing, of, tokenHash: hashOf(token), passwordHash, permission, expiresIn }
    return (await shares.put(tx, { ...row, createdBy: ctx.actor.id }))!.parse()
  })
  return { ...share, shareLink: `${ctx.settings.app}/api/svc/storage/api/storage/shares/${token}` }
}

const livingThing = (
  tx: Parameters<typeof files.find>[0],
  { thing, of: id, workspaceId }: { thing: shares.Thing; of: string; workspaceId: string },
) => (thing === 'file' ? files.find(tx, { id, workspaceId }) : folders.living(tx, { id, workspaceId }))

export const get = async (ctx: Ctx, { thing, id: of }: Shared) => {
  await placeOf(ctx, { via: thing, id: of })
  return shares.get(ctx.db, { thing, of })
}

export const remove = (ctx: Ctx, { thing, id: of }: Shared) =>
  change(ctx, { via: thing, id: of }, async (tx) => {
    if ((await shares.remove(tx, { thing, of })) === 0) throw notFound('This link')
    return undefined
  })

/** Ends the links of who is not in the workspace any more. */
export const leave = async (
  { db, memberships }: JobCtx<Deps>,
  { workspaceId, userId }: { workspaceId: string; userId: string },
) => {
  const { role } = await memberships.of(workspaceId, userId, { fresh: true })
  if (!role) await shares.removeOf(db, { workspaceId, userId })
}

type Anybody = Ctx<Person | Anonymous>

const found = async (ctx: Anybody, token: string) => {
  const share = await shares.byToken(ctx.db, hashOf(token))
  if (!share) throw notFound('This link')
  return share
}

export const look = async (ctx: Anybody, token: string) => {
  const { fileId, name, passwordHash, permission, expiresAt } = await found(ctx, token)
  const hasPassword = passwordHash !== null
  const type = fileId ? ('file' as const) : ('folder' as const)
  return { type, name: hasPassword ? null : name, permission, hasPassword, expiresAt }
}

export interface Unlocking {
  password?: string | undefined
  folderId?: string | undefined
  fileId?: string | undefined
  limit: number
  cursor?: string | undefined
}

export const unlock = async (ctx: Anybody, token: string, { password, folderId, fileId, ...paging }: Unlocking) => {
  const share = await found(ctx, token)
  await mustKnow(ctx, share, password)
  const wanted = fileId ?? share.fileId
  if (wanted) return oneFile(ctx, share, wanted)
  const folder = folderId ?? share.folderId!
  if (!(await isWithin(ctx, share, folder))) throw notFound('This folder')
  const page = pageRequest(
    'share',
    { token, folder },
    { limit: paging.limit, ...(paging.cursor && { cursor: paging.cursor }) },
  )
  const contents = await pageOf(ctx.db, { workspaceId: share.workspaceId, folderId: folder, page })
  if (!contents) throw notFound('This folder')
  return {
    name: contents.breadcrumb.at(-1)!.name,
    folders: contents.folders.map(({ id, name }) => ({ id, name })),
    files: contents.files.map(entry),
    nextCursor: contents.nextCursor,
    downloadUrl: null,
    expiresIn: null,
  }
}

const entry = ({ id, name, size, mimeType }: { id: string; name: string; size: number; mimeType: string }) => ({
  id,
  name,
  size,
  mimeType,
})

const oneFile = async (ctx: Anybody, share: shares.Found, id: string) => {
  const at = await shares.folderOf(ctx.db, id)
  const inside =
    at &&
    (share.fileId === id ||
      (at.folderId !== null && share.folderId !== null && (await isWithin(ctx, share, at.folderId))))
  const version = inside ? await files.version(ctx.db, { fileId: id, number: undefined }) : undefined
  if (!version) throw notFound('This file')
  const address =
    share.permission === 'download' ? await addressOf(ctx, version) : { downloadUrl: null, expiresIn: null }
  return { name: version.name, folders: [], files: [entry({ ...version, id })], nextCursor: null, ...address }
}

/** A folder is shared with all that is in it. */
const isWithin = async (ctx: Anybody, share: shares.Found, folderId: string) =>
  share.folderId !== null && (await folders.upFrom(ctx.db, folderId)).includes(share.folderId)
