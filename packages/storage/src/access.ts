import { forbidden, notFound } from '@wealist/kit/errors'
import type { WorkspaceRole } from '@wealist/kit/membership'
import type { Tx } from '@wealist/kit/tx'
import * as rights from './access.sql.ts'
import type { Ctx } from './deps.ts'

const called = { folder: 'This folder', file: 'This file', upload: 'This upload', workspace: 'This workspace' }

/** What a drive is named by: its workspace, or something in it. */
export interface Named {
  via: rights.Via | 'workspace'
  id: string
}

/** The workspace of what is named; 404 for who is not in it. A drive belongs to everybody in its workspace alike. */
export const placeOf = async (ctx: Ctx, { via, id }: Named): Promise<{ workspaceId: string; role: WorkspaceRole }> => {
  const key = `${via}:${id}`
  const workspaceId = via === 'workspace' ? id : (ctx.places.get(key) ?? (await rights.workspaceOf(ctx.db, via, id)))
  if (!workspaceId) throw notFound(called[via])
  if (via !== 'workspace') ctx.places.set(key, workspaceId)
  const { role } = await ctx.memberships.of(workspaceId, ctx.actor.id)
  if (!role) throw notFound(called[via])
  return { workspaceId, role }
}

/** A change of a drive, with the drive locked: one after the other. */
export const change = async <T>(
  ctx: Ctx,
  named: Named,
  work: (tx: Tx, at: { workspaceId: string; role: WorkspaceRole }) => Promise<T>,
): Promise<T> => {
  const at = await placeOf(ctx, named)
  const changing = async (tx: Tx) => {
    if (!(await rights.lockDrive(tx, { workspaceId: at.workspaceId, limit: ctx.settings.freeBytes })))
      throw notFound(called[named.via])
    return work(tx, at)
  }
  return ctx.tx(changing, { turn: `drive:${at.workspaceId}` })
}

export const mustRun = (role: WorkspaceRole) => {
  if (role === 'member') throw forbidden('Only the workspace’s owner and admins may.')
}
