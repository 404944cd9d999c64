import { Problem } from '@wealist/kit/errors'
import type { Tx } from '@wealist/kit/tx'
import { placeOf } from './access.ts'
import type { Ctx } from './deps.ts'
import type { Dropped } from './files.sql.ts'
import * as usage from './usage.sql.ts'

export const get = async (ctx: Ctx, workspaceId: string) => {
  await placeOf(ctx, { via: 'workspace', id: workspaceId })
  return usage.get(ctx.db, { workspaceId, limit: ctx.settings.freeBytes })
}

/** Keeps room for an upload; 403 where it does not fit. */
export const reserve = async (tx: Tx, workspaceId: string, bytes: number) => {
  if (!(await usage.reserve(tx, { workspaceId, bytes })))
    throw new Problem('QUOTA_EXCEEDED', 'This does not fit any more. Empty the trash, or delete what is not needed.')
}

/** What was dropped counts no more, and its objects go once S3 agrees. */
export const dropped = async (tx: Tx, workspaceId: string, rows: readonly Dropped[]) => {
  if (rows.length === 0) return
  await usage.count(tx, { workspaceId, of: rows.map(({ kind, size }) => ({ kind, size: -size })) })
  removeObjects(
    tx,
    rows.flatMap(({ key, thumbnailKey }) => (thumbnailKey ? [key, thumbnailKey] : [key])),
  )
}

export const removeObjects = (tx: Tx, keys: readonly string[]) => {
  for (let i = 0; i < keys.length; i += 1000) tx.addJob('objects.remove', { keys: keys.slice(i, i + 1000) })
}
