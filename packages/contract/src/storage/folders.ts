import * as z from 'zod'
import { fileName } from '../files.ts'
import { id, time } from '../fields.ts'
import { route } from '../route.ts'
import { paging } from '../page.ts'
import { File } from './files.ts'

/** A folder of a workspace's drive; `parentId` null is the top. Names are unique in a folder, whatever their case. At most 20 deep. */
export const Folder = z
  .strictObject({
    id,
    workspaceId: id,
    parentId: id.nullable(),
    name: z.string(),
    createdBy: id,
    version: z.int(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Folder' })
export type Folder = z.infer<typeof Folder>

export const NewFolder = z.strictObject({ workspaceId: id, parentId: id.nullable().default(null), name: fileName })
export type NewFolder = z.infer<typeof NewFolder>
/** With `parentId` it moves, with all that is in it; null is the top. */
export const FolderChange = z.strictObject({ name: fileName.optional(), parentId: id.nullable().optional() })
export type FolderChange = z.infer<typeof FolderChange>

const params = z.strictObject({ id })
const example = { params: { id: '$folder' } }

export const list = route({
  method: 'GET',
  path: '/api/storage/folders',
  summary: 'The folders in a folder, by name; without parentId those at the top',
  access: 'scoped',
  query: z.strictObject({ workspaceId: id, parentId: id.optional(), ...paging }),
  response: z.strictObject({ items: z.array(Folder), nextCursor: z.string().nullable() }),
  example: { query: { workspaceId: '$workspace' } },
})

export const create = route({
  method: 'POST',
  path: '/api/storage/folders',
  summary: 'Make a folder; 409 where its name is taken, and past 20 deep',
  access: 'scoped',
  idempotent: true,
  versioned: true,
  body: NewFolder,
  status: 201,
  response: Folder,
  example: { body: { workspaceId: '$workspace', name: 'Plans' } },
})

export const get = route({
  method: 'GET',
  path: '/api/storage/folders/{id}',
  summary: 'A folder',
  access: 'scoped',
  versioned: true,
  params,
  response: Folder,
  example,
})

export const update = route({
  method: 'PATCH',
  path: '/api/storage/folders/{id}',
  summary: 'Rename a folder, or move it; never into itself',
  access: 'scoped',
  versioned: true,
  params,
  body: FolderChange,
  response: Folder,
  example: { ...example, body: { name: 'Old plans' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/storage/folders/{id}',
  summary: 'Put a folder into the trash with all that is in it, for 30 days',
  access: 'scoped',
  params,
  status: 204,
  example,
})

export const contents = route({
  method: 'GET',
  path: '/api/storage/folders/{id}/contents',
  summary: 'What is in a folder, or with the id `root` at the top of a workspace: folders, then files, by name',
  access: 'scoped',
  params: z.strictObject({ id: z.union([id, z.literal('root')]) }),
  query: z.strictObject({ workspaceId: id.optional(), ...paging }),
  response: z.strictObject({
    /** From the top to the folder itself. */
    breadcrumb: z.array(z.strictObject({ id, name: z.string() })),
    folders: z.array(Folder),
    files: z.array(File),
    nextCursor: z.string().nullable(),
  }),
  example: { params: { id: 'root' }, query: { workspaceId: '$workspace' } },
})
