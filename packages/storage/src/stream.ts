import { Problem } from '@wealist/contract/problem'
import { contentType, fileName, formBytes } from '@wealist/contract/files'
import { FileForm } from '@wealist/contract/storage/files'
import { invalid } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import { change, placeOf } from './access.ts'
import type { Ctx } from './deps.ts'
import { add, mustBeFolder } from './files.ts'
import { type FormFile, readForm, tooLarge } from './form-data.ts'
import { faultOf, kindOf } from './kinds.ts'
import { putStream } from './store.ts'
import { drop, newKey } from './uploads.ts'
import * as uploads from './uploads.sql.ts'
import { reserve } from './usage.ts'
import * as usage from './usage.sql.ts'

const Given = FileForm.omit({ file: true }).extend({
  name: fileName,
  mimeType: contentType.catch('application/octet-stream'),
})

/** A file through the service: room is kept for what the request says it is, a part of it at a time is in memory. */
export const upload = async (ctx: Ctx) => {
  if (!ctx.resident)
    throw new Problem('PAYLOAD_TOO_LARGE', 'Here files do not go through the service. Use POST /api/storage/uploads.')
  const announced = Number(ctx.request.header('content-length') ?? formBytes)
  if (!(announced <= formBytes + 64 * 1024)) throw tooLarge()
  const form = await readForm(ctx.request.raw, { most: formBytes, silence: ctx.forms.silence })
  try {
    const given = givenOf(form)
    await placeOf(ctx, { via: 'workspace', id: given.workspaceId })
    return await ctx.forms.inTurn(() => keep(ctx, { ...given, size: Math.min(announced, formBytes) }, form.content))
  } finally {
    await form.drain()
  }
}

const givenOf = ({ fields: { folderId, ...fields }, name, mimeType }: FormFile) => {
  const parsed = Given.safeParse({ ...fields, ...(folderId && { folderId }), name, mimeType })
  if (!parsed.success) throw invalid(parsed.error.issues.map((i) => ({ path: i.path.join('.'), message: i.message })))
  return { ...parsed.data, folderId: parsed.data.folderId ?? null }
}

type Given = ReturnType<typeof givenOf> & { size: number }

const keep = async (ctx: Ctx, given: Given, body: FormFile['content']) => {
  const { workspaceId, mimeType, size, ...rest } = given
  const row = {
    id: newId(),
    workspaceId,
    ...rest,
    size,
    mimeType,
    sha256: null,
    key: newKey(),
    multipartId: null,
    fileId: null,
  }
  await change(ctx, { via: 'workspace', id: workspaceId }, async (tx) => {
    await mustBeFolder(tx, given)
    await reserve(tx, workspaceId, size)
    await uploads.insert(tx, { ...row, createdBy: ctx.actor.id })
  })
  try {
    const stored = await putStream(ctx.objects, {
      key: row.key,
      contentType: mimeType,
      body,
      check: checking(mimeType),
    })
    return await change(ctx, { via: 'upload', id: row.id }, async (tx) => {
      await usage.release(tx, { workspaceId, bytes: size })
      await uploads.remove(tx, row.id)
      const content = { size: stored, mimeType, kind: kindOf(mimeType) }
      return (await add(tx, { ...content, workspaceId, ...rest, key: row.key, createdBy: ctx.actor.id })).file
    })
  } catch (error) {
    // The clean-up finds what this cannot end.
    await change(ctx, { via: 'upload', id: row.id }, (tx) => drop(tx, row.id)).catch(() => undefined)
    throw error
  }
}

const checking = (mimeType: string) => async (beginning: Uint8Array) => {
  if (beginning.length === 0) throw invalid([{ path: 'file', message: 'is empty' }])
  const wrong = await faultOf(mimeType, beginning)
  if (wrong) throw invalid([{ path: 'file', message: wrong }])
}
