import * as z from 'zod'
import { id, seconds } from '../fields.ts'
import { contentType, fileName, formBytes, UploadForm } from '../files.ts'
import { route } from '../route.ts'

export const NewUpload = z.strictObject({
  name: fileName,
  size: z.int().min(1).max(formBytes).describe('Bytes'),
  contentType,
})
export type NewUpload = z.infer<typeof NewUpload>

const params = z.strictObject({ id })

export const begin = route({
  method: 'POST',
  path: '/api/chats/{id}/attachments',
  summary:
    'Get a form to upload a file with, at most 50 MB; then send a message that names its id, within 50 minutes. 25 uploads of one person may wait in a room; 409 past that',
  access: 'scoped',
  params,
  body: NewUpload,
  status: 201,
  response: UploadForm,
  example: { params: { id: '$room' }, body: { name: 'menu.txt', size: 12, contentType: 'text/plain' } },
})

export const download = route({
  method: 'GET',
  path: '/api/chats/{id}/attachments/{attachmentId}',
  summary: 'Get an address to save a message’s file from, valid for `expiresIn` seconds',
  access: 'scoped',
  params: z.strictObject({ id, attachmentId: id }),
  response: z.strictObject({ downloadUrl: z.string(), expiresIn: seconds }),
  example: { params: { id: '$room', attachmentId: '$roomFile' } },
})
