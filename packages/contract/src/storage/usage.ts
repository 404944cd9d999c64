import * as z from 'zod'
import { bytes, id } from '../fields.ts'
import { route } from '../route.ts'
import { FileKind } from './files.ts'

/** Bytes of a workspace: every version that is kept, in the trash too. */
export const Usage = z
  .strictObject({
    used: bytes,
    /** Of uploads that are under way. */
    reserved: bytes,
    limit: bytes,
    plan: z.enum(['free', 'pro']),
    byKind: z.array(z.strictObject({ kind: FileKind, bytes })),
  })
  .meta({ id: 'Usage' })
export type Usage = z.infer<typeof Usage>

export const get = route({
  method: 'GET',
  path: '/api/storage/usage',
  summary: 'How much a workspace has stored, and may',
  access: 'scoped',
  query: z.strictObject({ workspaceId: id }),
  response: Usage,
  example: { query: { workspaceId: '$workspace' } },
})
