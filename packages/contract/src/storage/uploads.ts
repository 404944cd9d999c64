import * as z from 'zod'
import { contentType, fileName, formBytes } from '../files.ts'
import { bytes, id, seconds, time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'
import { File } from './files.ts'

/** Most bytes of a file; more than a form takes come in parts. */
export const mostBytes = 5 * 1024 * 1024 * 1024

export const NewUpload = z
  .strictObject({
    workspaceId: id,
    folderId: id.nullable().default(null),
    name: fileName,
    size: z.int().min(1).max(mostBytes).describe('Bytes'),
    mimeType: contentType,
    /** Of the whole file, in hex. Checked for files up to 50 MB. */
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'is 64 hexadecimal digits')
      .optional(),
  })
  .refine((u) => u.sha256 === undefined || u.size <= formBytes, {
    path: ['sha256'],
    message: 'is for files up to 50 MB; parts of larger ones are checked one by one',
  })
export type NewUpload = z.infer<typeof NewUpload>

/**
 * How to upload: a form to POST (all `fields`, then `file`), or addresses to PUT parts of exactly `partSize` bytes to, the
 * last one what is left, keeping the `ETag` of each answer. The form is valid for 10 minutes and to be completed within
 * 45, the parts are for a day.
 */
export const Upload = z
  .discriminatedUnion('mode', [
    z.strictObject({
      id,
      mode: z.literal('form'),
      url: z.string(),
      fields: z.record(z.string(), z.string()),
      expiresIn: seconds,
    }),
    z.strictObject({
      id,
      mode: z.literal('multipart'),
      partSize: bytes,
      parts: z.array(z.strictObject({ partNumber: z.int(), url: z.string() })),
      expiresIn: seconds,
    }),
  ])
  .meta({ id: 'Upload' })
export type Upload = z.infer<typeof Upload>

/** An upload under way: its bytes are reserved, and there is no file yet. */
export const PendingUpload = z
  .strictObject({
    id,
    mode: z.enum(['form', 'multipart']),
    folderId: id.nullable(),
    name: z.string(),
    size: bytes,
    createdBy: id,
    createdAt: time,
  })
  .meta({ id: 'PendingUpload' })
export type PendingUpload = z.infer<typeof PendingUpload>

const params = z.strictObject({ id })

export const list = route({
  method: 'GET',
  path: '/api/storage/uploads',
  summary: 'My uploads under way in a workspace, newest first; for its owner and admins everybody’s',
  access: 'scoped',
  query: z.strictObject({ workspaceId: id, ...paging }),
  response: page(PendingUpload),
  example: { query: { workspaceId: '$workspace' } },
})

export const create = route({
  method: 'POST',
  path: '/api/storage/uploads',
  summary:
    'Begin an upload: its bytes are reserved until it is completed or given up, a form’s for an hour at most and those of parts for a day. 403 QUOTA_EXCEEDED',
  access: 'scoped',
  body: NewUpload,
  status: 201,
  response: Upload,
  example: { body: { workspaceId: '$workspace', name: 'menu.txt', size: 12, mimeType: 'text/plain' } },
})

export const Completion = z.strictObject({
  /** Of an upload in parts: all of them. */
  parts: z
    .array(z.strictObject({ partNumber: z.int().min(1).max(10_000), etag: z.string().min(1).max(100) }))
    .max(1000)
    .optional(),
})
export type Completion = z.infer<typeof Completion>

export const complete = route({
  method: 'POST',
  path: '/api/storage/uploads/{id}/complete',
  summary:
    'Make a file of what was uploaded, once it was checked: size, type by content, checksum. 409 where nothing is there yet, 400 where it is not what was announced, and then it is gone',
  access: 'scoped',
  params,
  body: Completion,
  response: File,
  example: { params: { id: '$upload' }, body: {} },
})

export const abort = route({
  method: 'DELETE',
  path: '/api/storage/uploads/{id}',
  summary: 'Give up an upload of mine, or as owner or admin of the workspace anybody’s: its bytes are free again',
  access: 'scoped',
  params,
  status: 204,
  example: { params: { id: '$upload' } },
})
