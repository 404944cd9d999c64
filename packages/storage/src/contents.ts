import type { File } from '@wealist/contract/storage/files'
import type { Folder } from '@wealist/contract/storage/folders'
import { invalid, notFound } from '@wealist/kit/errors'
import { type PageRequest, staleCursor } from '@wealist/kit/page'
import type { Queryable } from '@wealist/kit/sql'
import { sqlState } from '@wealist/kit/sql-errors'
import { placeOf } from './access.ts'
import * as contents from './contents.sql.ts'
import type { Ctx } from './deps.ts'

/** What is in a folder, or at the top. */
export const list = async (
  ctx: Ctx,
  { id, workspaceId }: { id: string; workspaceId?: string | undefined },
  page: PageRequest,
) => {
  if (id === 'root') {
    if (!workspaceId) throw invalid([{ path: 'workspaceId', message: 'is needed for the top' }])
    await placeOf(ctx, { via: 'workspace', id: workspaceId })
    return (await pageOf(ctx.db, { workspaceId, folderId: null, page }))!
  }
  const at = await placeOf(ctx, { via: 'folder', id })
  if (workspaceId && workspaceId !== at.workspaceId) throw notFound('This folder')
  const found = await pageOf(ctx.db, { workspaceId: at.workspaceId, folderId: id, page })
  if (!found) throw notFound('This folder')
  return found
}

export const pageOf = async (
  db: Queryable,
  { workspaceId, folderId, page }: { workspaceId: string; folderId: string | null; page: PageRequest },
) => {
  const found = await contents.list(db, { workspaceId, folderId, page }).catch((error: unknown) => {
    // A cursor somebody made up can hold text that is no id.
    throw page.after && sqlState(error)?.startsWith('22') ? staleCursor() : error
  })
  if (!found) return undefined
  const { breadcrumb, rows } = found
  const shown = rows.slice(0, page.limit)
  const last = rows.length > page.limit ? shown.at(-1) : undefined
  return {
    breadcrumb,
    folders: shown.filter((r) => r.part === 0).map((r) => r.row as Folder),
    files: shown.filter((r) => r.part === 1).map((r) => r.row as File),
    nextCursor: last ? page.cursor([String(last.part), last.key, last.id]) : null,
  }
}
