import { conflict, forbidden, notFound } from '@wealist/kit/errors'
import type { JobCtx } from '@wealist/kit/jobs'
import type { PageRequest } from '@wealist/kit/page'
import type { Tx } from '@wealist/kit/tx'
import { change, mustRun, placeOf } from './access.ts'
import { lockDrive } from './access.sql.ts'
import type { Ctx, Deps } from './deps.ts'
import * as files from './files.sql.ts'
import { mostDeep } from './folders.ts'
import * as folders from './folders.sql.ts'
import { nameKey, numbered } from './names.ts'
import * as trash from './trash.sql.ts'
import { dropped } from './usage.ts'

const atOnce = 500
const mostEmptied = 1000
const mostFiles = 5000

export const list = async (ctx: Ctx, workspaceId: string, page: PageRequest) => {
  await placeOf(ctx, { via: 'workspace', id: workspaceId })
  return trash.list(ctx.db, { workspaceId, page })
}

export const putFolder = (ctx: Ctx, id: string) =>
  change(ctx, { via: 'folder', id }, async (tx, { workspaceId }) => {
    if (!(await trash.putFolder(tx, { id, by: ctx.actor.id }))) throw notFound('This folder')
    await follow(tx, { workspaceId, folderId: id })
    return undefined
  })

export const putFile = (ctx: Ctx, id: string) =>
  change(ctx, { via: 'file', id }, async (tx) => {
    if (!(await trash.putFile(tx, { id, by: ctx.actor.id }))) throw notFound('This file')
    return undefined
  })

export const restore = async (ctx: Ctx, id: string) => {
  const { type } = await find(ctx, id)
  return change(ctx, { via: type, id }, async (tx) => {
    const there = await trash.get(tx, id)
    if (!there) throw notFound('This')
    await bringBack(tx, there)
    return undefined
  })
}

/**
 * Back to where it was, or to the top where that is gone or too deep by now. A folder comes after its files, so that
 * nobody takes their names meanwhile: where they are many, by a job.
 */
const bringBack = async (tx: Tx, there: trash.Top) => {
  const { id, type, workspaceId } = there
  if (type === 'folder' && (await trash.restoreInside(tx, { folderId: id, limit: mostFiles })) === mostFiles) {
    await trash.comeBack(tx, id)
    return tx.addJob('tree.restore', { workspaceId, folderId: id })
  }
  const height = type === 'folder' ? await trash.heightOf(tx, id) : 0
  const parentId = (await fits(tx, { workspaceId, parentId: there.parentId, height })) ? there.parentId : null
  const name = await freeName(tx, { ...there, parentId })
  await trash.restore(tx, { id, type, parentId, name, nameKey: nameKey(name) })
}

interface Tree {
  workspaceId: string
  folderId: string
}

/** Lets files follow a folder into the trash: more than one transaction takes by a job. The drive is locked. */
const follow = async (tx: Tx, tree: Tree) => {
  if ((await trash.trashInside(tx, { folderId: tree.folderId, limit: mostFiles })) === mostFiles)
    tx.addJob('tree.follow', tree)
}

export const followRest = ({ tx, settings }: JobCtx<Deps>, tree: Tree) =>
  tx(async (t) => {
    if (!(await lockDrive(t, { workspaceId: tree.workspaceId, limit: settings.freeBytes }))) return
    if (await trash.isLeaving(t, tree.folderId)) await follow(t, tree)
  })

export const restoreRest = ({ tx, settings }: JobCtx<Deps>, { workspaceId, folderId }: Tree) =>
  tx(async (t) => {
    if (!(await lockDrive(t, { workspaceId, limit: settings.freeBytes }))) return
    const there = await trash.get(t, folderId)
    if (there) await bringBack(t, there)
  })

const find = async (ctx: Ctx, id: string) => {
  const found = await trash.get(ctx.db, id)
  if (!found) throw notFound('This')
  await placeOf(ctx, { via: found.type, id })
  return found
}

const fits = async (
  tx: Tx,
  { workspaceId, parentId, height }: { workspaceId: string; parentId: string | null; height: number },
) => {
  if (parentId === null) return true
  if (!(await folders.living(tx, { id: parentId, workspaceId }))) return false
  return (await folders.upFrom(tx, parentId)).length + height <= mostDeep
}

const freeName = async (tx: Tx, { type, workspaceId, parentId, name }: trash.Top) => {
  const names = [name, ...Array.from({ length: 98 }, (_, i) => numbered(name, i + 2))]
  const of = { workspaceId, parentId, keys: names.map(nameKey) }
  const taken = new Set(await (type === 'folder' ? folders.taken(tx, of) : files.taken(tx, of)))
  const free = names.find((n) => !taken.has(nameKey(n)))
  if (!free) throw conflict('There are too many of this name. Rename some first.')
  return free
}

export const remove = async (ctx: Ctx, id: string) => {
  const { type } = await find(ctx, id)
  return change(ctx, { via: type, id }, async (tx, { workspaceId, role }) => {
    const there = await trash.get(tx, id)
    if (!there) throw notFound('This')
    if (there.deletedBy !== ctx.actor.id && role === 'member')
      throw forbidden('Who put it into the trash deletes it for good, or the workspace’s owner and admins.')
    await condemn(tx, workspaceId, [id])
    return undefined
  })
}

export const empty = (ctx: Ctx, workspaceId: string) =>
  change(ctx, { via: 'workspace', id: workspaceId }, async (tx, { role }) => {
    mustRun(role)
    await emptySome(tx, { workspaceId })
    return undefined
  })

/** What was in the trash when somebody said so: what was put there since is not what they meant. */
const emptySome = async (tx: Tx, { workspaceId, before }: { workspaceId: string; before?: string | undefined }) => {
  const some = await trash.lying(tx, { workspaceId, before, limit: mostEmptied })
  await condemn(
    tx,
    workspaceId,
    some.map((t) => t.id),
  )
  if (some.length === mostEmptied) tx.addJob('trash.empty', { workspaceId, before: some[0]!.before })
}

/** Goes for good: at once for people, and by a job from the tables and S3. The drive is locked. */
export const condemn = async (tx: Tx, workspaceId: string, ids: readonly string[]) => {
  if (ids.length === 0) return
  await trash.condemn(tx, { workspaceId, ids })
  tx.addJob('trash.drop', { workspaceId }, { key: `drop:${workspaceId}` })
}

/** Drops what was condemned, some at a time: rows first, their objects by jobs of the same transaction. */
export const drop = async ({ tx, job, settings }: JobCtx<Deps>, { workspaceId }: { workspaceId: string }) => {
  const inTurn = (work: (t: Tx) => Promise<number>) =>
    tx(async (t) => {
      job.signal.throwIfAborted()
      await lockDrive(t, { workspaceId, limit: settings.freeBytes })
      return work(t)
    })
  const someFiles = async (t: Tx) => {
    const rows = await trash.dropFiles(t, { workspaceId, limit: atOnce })
    await dropped(t, workspaceId, rows)
    return rows.length
  }
  while ((await inTurn(someFiles)) > 0);
  while ((await inTurn((t) => trash.dropFolders(t, { workspaceId, limit: atOnce }))) > 0);
}

export const emptyRest = ({ tx, settings }: JobCtx<Deps>, rest: { workspaceId: string; before?: string | undefined }) =>
  tx(async (t) => {
    if (await lockDrive(t, { workspaceId: rest.workspaceId, limit: settings.freeBytes })) await emptySome(t, rest)
  })
