import * as z from 'zod'
import { contentType, fileName, formBytes, UploadForm } from '../files.ts'
import { bytes, id, seconds, seq, time } from '../fields.ts'
import { route } from '../route.ts'

/** A file of a task, as S3 really holds it. */
export const Attachment = z
  .strictObject({
    id,
    taskId: id,
    projectId: id,
    name: z.string(),
    contentType: z.string(),
    size: bytes,
    createdBy: id,
    createdAt: time,
  })
  .meta({ id: 'Attachment' })
export type Attachment = z.infer<typeof Attachment>

/** What is going to be uploaded: the form takes exactly `size` bytes of that type. The name is kept as it was typed. */
export const NewAttachment = z.strictObject({
  name: fileName,
  size: z.int().min(1).max(formBytes).describe('Bytes'),
  contentType,
})
export type NewAttachment = z.infer<typeof NewAttachment>

const params = z.strictObject({ id })
const one = z.strictObject({ id, attachmentId: id })
const example = { params: { id: '$task', attachmentId: '$attachment' } }

export const list = route({
  method: 'GET',
  path: '/api/tasks/{id}/attachments',
  summary: 'The files of a task, oldest first, at most 100',
  access: 'scoped',
  params,
  response: z.strictObject({ items: z.array(Attachment), nextCursor: z.null(), seq }),
  example: { params: { id: '$task' } },
})

export const create = route({
  method: 'POST',
  path: '/api/tasks/{id}/attachments',
  summary:
    'Get a form to upload a file with, at most 50 MB, and confirm under its id within 50 minutes. A task has 100 files, of which 25 of one person may be unconfirmed; 409 past that',
  access: 'scoped',
  params,
  body: NewAttachment,
  status: 201,
  response: UploadForm,
  example: { params: { id: '$task' }, body: { name: 'plan.txt', size: 12, contentType: 'text/plain' } },
})

export const confirm = route({
  method: 'PUT',
  path: '/api/tasks/{id}/attachments/{attachmentId}',
  summary:
    'Attach the file I uploaded, once it has been checked what was stored. 409 where nothing was uploaded yet, 400 where it is not what was announced',
  access: 'scoped',
  params: one,
  response: Attachment,
  example,
})

export const download = route({
  method: 'GET',
  path: '/api/tasks/{id}/attachments/{attachmentId}',
  summary: 'Get an address to save the file from, valid for `expiresIn` seconds',
  access: 'scoped',
  params: one,
  response: z.strictObject({ downloadUrl: z.string(), expiresIn: seconds }),
  example,
})

export const remove = route({
  method: 'DELETE',
  path: '/api/tasks/{id}/attachments/{attachmentId}',
  summary: 'Delete a file for good: who uploaded it or a project admin may. Also takes back an upload of one’s own',
  access: 'scoped',
  params: one,
  status: 204,
  example,
})
