import * as z from 'zod'
import { fileName, formBytes } from '../files.ts'
import { bytes, id, seconds, text, time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'

/** What a file is to people, by its type. */
export const FileKind = z.enum(['image', 'video', 'audio', 'document', 'archive', 'other'])
export type FileKind = z.infer<typeof FileKind>

/** A file of a workspace's drive: its newest version. Names are unique in a folder; one uploaded over it is its next version. */
export const File = z
  .strictObject({
    id,
    workspaceId: id,
    folderId: id.nullable(),
    name: z.string(),
    size: bytes,
    mimeType: z.string(),
    kind: FileKind,
    /** Of its versions the newest, from 1. */
    currentVersion: z.int(),
    hasThumbnail: z.boolean(),
    createdBy: id,
    version: z.int(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'File' })
export type File = z.infer<typeof File>

// As far as PostgreSQL counts in an int.
const versionNumber = z.coerce
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1)

/** A version of a file, at most 100 of them; older ones go. */
export const FileVersion = z
  .strictObject({ number: z.int(), size: bytes, mimeType: z.string(), createdBy: id, createdAt: time })
  .meta({ id: 'FileVersion' })
export type FileVersion = z.infer<typeof FileVersion>

const params = z.strictObject({ id })
const example = { params: { id: '$file' } }
const address = z.strictObject({ downloadUrl: z.string(), expiresIn: seconds })

export const list = route({
  method: 'GET',
  path: '/api/storage/files',
  summary: 'Files of a workspace, newest first: in a folder, of a kind, with a text in their name',
  access: 'scoped',
  query: z.strictObject({
    workspaceId: id,
    folderId: id.optional(),
    q: text(200, 1)
      .overwrite((s) => s.normalize('NFC'))
      .optional(),
    type: FileKind.optional(),
    ...paging,
  }),
  response: page(File),
  example: { query: { workspaceId: '$workspace', q: 'plan' } },
})

/** A file through the service; the other fields stand before it. */
export const FileForm = z.strictObject({
  workspaceId: id,
  folderId: id.optional(),
  file: z.file().min(1).max(formBytes),
})

export const upload = route({
  method: 'POST',
  path: '/api/storage/files',
  summary:
    'Upload a file of at most 50 MB through the service, as multipart/form-data: the fields `workspaceId` and `folderId`, then `file`. Larger ones, and those for a preview, go by `uploads`',
  access: 'scoped',
  raw: { media: 'multipart/form-data', schema: FileForm },
  status: 201,
  response: File,
  example: {},
})

export const get = route({
  method: 'GET',
  path: '/api/storage/files/{id}',
  summary: 'A file',
  access: 'scoped',
  versioned: true,
  params,
  response: File,
  example,
})

export const update = route({
  method: 'PATCH',
  path: '/api/storage/files/{id}',
  summary: 'Rename a file',
  access: 'scoped',
  versioned: true,
  params,
  body: z.strictObject({ name: fileName }),
  response: File,
  example: { ...example, body: { name: 'plan b.txt' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/storage/files/{id}',
  summary: 'Put a file into the trash, for 30 days',
  access: 'scoped',
  params,
  status: 204,
  example,
})

export const move = route({
  method: 'PUT',
  path: '/api/storage/files/{id}/move',
  summary: 'Put a file into another folder; null is the top',
  access: 'scoped',
  params,
  body: z.strictObject({ folderId: id.nullable() }),
  response: File,
  example: { ...example, body: { folderId: null } },
})

export const download = route({
  method: 'GET',
  path: '/api/storage/files/{id}/download',
  summary: 'Get an address to save the file from, or an older version of it',
  access: 'scoped',
  params,
  query: z.strictObject({ version: versionNumber.optional() }),
  response: address,
  example,
})

export const thumbnail = route({
  method: 'GET',
  path: '/api/storage/files/{id}/thumbnail',
  summary: 'Get an address of a small picture of an image; 404 until there is one',
  access: 'scoped',
  params,
  response: address,
  example,
})

export const versions = route({
  method: 'GET',
  path: '/api/storage/files/{id}/versions',
  summary: 'The versions of a file, newest first',
  access: 'scoped',
  params,
  response: z.strictObject({ items: z.array(FileVersion), nextCursor: z.null() }),
  example,
})

export const restoreVersion = route({
  method: 'POST',
  path: '/api/storage/files/{id}/versions/{version}/restore',
  summary: 'Make an older version the newest again; what came after it stays',
  access: 'scoped',
  params: z.strictObject({ id, version: versionNumber }),
  response: File,
  example: { params: { id: '$file', version: '1' } },
})
