import type { FolderChange, NewFolder } from '@wealist/contract/storage/folders'
import { alreadyExists, conflict, invalid, notFound, stale } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import type { PageRequest } from '@wealist/kit/page'
import { constraintOf } from '@wealist/kit/sql-errors'
import type { Tx } from '@wealist/kit/tx'
import { change, placeOf } from './access.ts'
import type { Ctx } from './deps.ts'
import * as folders from './folders.sql.ts'
import { nameKey } from './names.ts'

export const mostDeep = 20

export const list = async (
  ctx: Ctx,
  { workspaceId, parentId }: { workspaceId: string; parentId?: string | undefined },
  page: PageRequest,
) => {
  await placeOf(ctx, { via: 'workspace', id: workspaceId })
  return folders.list(ctx.db, { workspaceId, parentId: parentId ?? null, page })
}

export const get = async (ctx: Ctx, id: string) => {
  await placeOf(ctx, { via: 'folder', id })
  return folders.get(ctx.db, id)
}

export const create = (ctx: Ctx, { workspaceId, parentId, name }: NewFolder) =>
  change(ctx, { via: 'workspace', id: workspaceId }, async (tx) => {
    await mustHold(tx, { workspaceId, parentId, height: 1 })
    const row = { id: newId(), workspaceId, parentId, name, nameKey: nameKey(name), createdBy: ctx.actor.id }
    return folders.insert(tx, row).catch(nameTaken)
  })

export const update = (ctx: Ctx, id: string, { name, parentId }: FolderChange) =>
  change(ctx, { via: 'folder', id }, async (tx, { workspaceId }) => {
    const was = await folders.living(tx, { id, workspaceId })
    if (!was) throw notFound('This folder')
    if (ctx.request.ifMatch !== undefined && ctx.request.ifMatch !== was.version) throw stale()
    const to = { parentId: parentId === undefined ? was.parentId : parentId, name: name ?? was.name }
    if (to.parentId !== was.parentId) {
      if (to.parentId !== null && (await folders.upFrom(tx, to.parentId)).includes(id))
        throw invalid([{ path: 'parentId', message: 'is in the folder that is moved' }])
      await mustHold(tx, { workspaceId, parentId: to.parentId, height: await folders.heightOf(tx, id) })
    }
    return folders.update(tx, { id, ...to, nameKey: nameKey(to.name) }).catch(nameTaken)
  })

/** The folder is there, and a tree of that height fits under it. */
export const mustHold = async (
  tx: Tx,
  { workspaceId, parentId, height }: { workspaceId: string; parentId: string | null; height: number },
) => {
  if (parentId !== null && !(await folders.living(tx, { id: parentId, workspaceId })))
    throw invalid([{ path: 'parentId', message: 'is no folder of this workspace' }])
  const depth = parentId === null ? 0 : (await folders.upFrom(tx, parentId)).length
  if (depth + height > mostDeep) throw conflict(`Folders are ${mostDeep} deep at most.`)
}

export const nameTaken = (error: unknown): never => {
  throw /^(folders|files)_name$/.test(constraintOf(error) ?? '')
    ? alreadyExists('There is one of this name in the folder.')
    : error
}
