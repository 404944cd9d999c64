import * as z from 'zod'
import { bytes, id, seconds, text, time } from '../fields.ts'
import { paging } from '../page.ts'
import { route } from '../route.ts'

/** `view` shows names and sizes, `download` gives the files too. */
export const SharePermission = z.enum(['view', 'download'])

/**
 * The link of a file or folder, for anybody who has it, until who made it leaves the workspace. `shareLink` is told once:
 * afterwards only its hash is known.
 */
export const Share = z
  .strictObject({
    shareLink: z.string().nullable(),
    permission: SharePermission,
    hasPassword: z.boolean(),
    expiresAt: time.nullable(),
    createdBy: id,
    createdAt: time,
  })
  .meta({ id: 'Share' })
export type Share = z.infer<typeof Share>

export const NewShare = z.strictObject({
  expiresIn: z.int().min(60).max(31_536_000).describe('Seconds, at most a year; for good unless told').optional(),
  password: text(128, 8).optional(),
  permission: SharePermission.default('download'),
})
export type NewShare = z.infer<typeof NewShare>

const params = z.strictObject({ id })
const ofFile = { params: { id: '$file' } }
const ofFolder = { params: { id: '$folder' } }

export const shareFile = route({
  method: 'POST',
  path: '/api/storage/files/{id}/share',
  summary: 'Share a file by a link; the one before ends',
  access: 'scoped',
  params,
  body: NewShare,
  status: 201,
  response: Share,
  example: { ...ofFile, body: { permission: 'view' } },
})

export const getFile = route({
  method: 'GET',
  path: '/api/storage/files/{id}/share',
  summary: 'How a file is shared',
  access: 'scoped',
  params,
  response: Share,
  example: ofFile,
})

export const removeFile = route({
  method: 'DELETE',
  path: '/api/storage/files/{id}/share',
  summary: 'Share a file no more',
  access: 'scoped',
  params,
  status: 204,
  example: ofFile,
})

export const shareFolder = route({
  method: 'POST',
  path: '/api/storage/folders/{id}/share',
  summary: 'Share a folder by a link; the one before ends',
  access: 'scoped',
  params,
  body: NewShare,
  status: 201,
  response: Share,
  example: { ...ofFolder, body: { permission: 'view' } },
})

export const getFolder = route({
  method: 'GET',
  path: '/api/storage/folders/{id}/share',
  summary: 'How a folder is shared',
  access: 'scoped',
  params,
  response: Share,
  example: ofFolder,
})

export const removeFolder = route({
  method: 'DELETE',
  path: '/api/storage/folders/{id}/share',
  summary: 'Share a folder no more',
  access: 'scoped',
  params,
  status: 204,
  example: ofFolder,
})

const token = z.strictObject({ token: text(200, 1) })
const entry = { id, name: z.string(), size: bytes, mimeType: z.string() }

export const look = route({
  method: 'GET',
  path: '/api/storage/shares/{token}',
  summary: 'What a link is, before its password is asked for. 404 for one that ended',
  access: 'public',
  params: token,
  response: z.strictObject({
    type: z.enum(['file', 'folder']),
    /** Null where a password hides it. */
    name: z.string().nullable(),
    permission: SharePermission,
    hasPassword: z.boolean(),
    expiresAt: time.nullable(),
  }),
  example: { params: { token: '$shareToken' } },
})

export const unlock = route({
  method: 'POST',
  path: '/api/storage/shares/{token}/unlock',
  summary:
    'What is behind a link: the file, or a folder of it and what is in there. `fileId` asks for the address of one. Wrong passwords are limited',
  access: 'public',
  params: token,
  body: z.strictObject({
    password: text(128).optional(),
    folderId: id.optional(),
    fileId: id.optional(),
    ...paging,
  }),
  response: z.strictObject({
    name: z.string(),
    folders: z.array(z.strictObject({ id, name: z.string() })),
    files: z.array(z.strictObject(entry)),
    nextCursor: z.string().nullable(),
    /** Of the file asked for, or of the one that is shared; null where the link does not give files. */
    downloadUrl: z.string().nullable(),
    expiresIn: seconds.nullable(),
  }),
  example: { params: { token: '$shareToken' }, body: {} },
})
