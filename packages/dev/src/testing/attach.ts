import { attachments } from '@wealist/contract/board'
import type { Ask } from './one-service.ts'

/** Posts a file with a presigned form, as a browser does. */
export const post = (
  { url, fields }: { url: string; fields: Record<string, string> },
  bytes: string | Uint8Array<ArrayBuffer>,
  more: Record<string, string> = {},
) => {
  const form = new FormData()
  for (const [name, value] of Object.entries({ ...fields, ...more })) form.set(name, value)
  form.set('file', new Blob([bytes]), 'file')
  return fetch(url, { method: 'POST', body: form })
}

/** A file of a task, uploaded and confirmed. */
export const attach = async (ask: Ask, taskId: string, text = 'tea at six', name = 'plan.txt') => {
  const size = Buffer.byteLength(text)
  const form = await ask(attachments.create, {
    params: { id: taskId },
    body: { name, size, contentType: 'text/plain' },
  })
  const { status } = await post(form, text)
  if (status !== 204) throw new Error(`S3 did not take the file: ${status}`)
  return ask(attachments.confirm, { params: { id: taskId, attachmentId: form.id } })
}
