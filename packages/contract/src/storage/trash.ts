import * as z from 'zod'
import { id, time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'

/** What was put into the trash, a folder with all that was in it. Purged after 30 days. */
export const Trashed = z
  .strictObject({ id, type: z.enum(['folder', 'file']), name: z.string(), deletedBy: id, deletedAt: time })
  .meta({ id: 'Trashed' })
export type Trashed = z.infer<typeof Trashed>

const workspace = z.strictObject({ workspaceId: id })
const params = z.strictObject({ id })

export const list = route({
  method: 'GET',
  path: '/api/storage/trash',
  summary: 'What lies in the trash of a workspace, newest first',
  access: 'scoped',
  query: z.strictObject({ workspaceId: id, ...paging }),
  response: page(Trashed),
  example: { query: { workspaceId: '$workspace' } },
})

export const empty = route({
  method: 'DELETE',
  path: '/api/storage/trash',
  summary: 'Delete for good what lies in the trash now; the workspace’s owner and admins may',
  access: 'scoped',
  query: workspace,
  status: 204,
  example: { query: { workspaceId: '$workspace' } },
})

export const restore = route({
  method: 'POST',
  path: '/api/storage/trash/{id}/restore',
  summary:
    'Take a folder or file back to where it was, a whole tree at once; where that is gone, to the top. A name that was taken meanwhile gets a number. A folder with more than 5,000 files stays in the trash until they are all back',
  access: 'scoped',
  params,
  status: 204,
  example: { params: { id: '$trashedFile' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/storage/trash/{id}',
  summary: 'Delete one for good: who put it there may, and the workspace’s owner and admins',
  access: 'scoped',
  params,
  status: 204,
  example: { params: { id: '$trashedFile' } },
})
