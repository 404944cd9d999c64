import * as z from 'zod'
import { id, name, seq, time } from '../fields.ts'
import { route } from '../route.ts'

/** A column of a project. Boards lie in the order of `rank` (compared as bytes), then `id`. */
export const Board = z
  .strictObject({
    id,
    projectId: id,
    name: z.string(),
    color: z.string(),
    rank: z.string(),
    version: z.int(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Board' })
export type Board = z.infer<typeof Board>

/** A colour as CSS writes it: #rrggbb. */
export const color = z.string().regex(/^#[0-9a-fA-F]{6}$/, 'is a colour like #1f6feb')
/** An index in the order, from 0; past the end is the end. */
export const position = z.int().min(0).max(100_000)

export const NewBoard = z.strictObject({ name: name(), color: color.default('#8b949e'), position: position.optional() })
export type NewBoard = z.infer<typeof NewBoard>
export const BoardChange = z.strictObject({ name: name().optional(), color: color.optional() })
export type BoardChange = z.infer<typeof BoardChange>

const params = z.strictObject({ id })
const example = { params: { id: '$board' } }

export const list = route({
  method: 'GET',
  path: '/api/projects/{id}/boards',
  summary: 'The boards of a project in order, at most 100',
  access: 'scoped',
  params,
  response: z.strictObject({ items: z.array(Board), nextCursor: z.null(), seq }),
  example: { params: { id: '$project' } },
})

export const create = route({
  method: 'POST',
  path: '/api/projects/{id}/boards',
  summary: 'Add a board, at the end unless `position` says where; 409 where there are 100',
  access: 'scoped',
  idempotent: true,
  versioned: true,
  params,
  body: NewBoard,
  status: 201,
  response: Board,
  example: { params: { id: '$project' }, body: { name: 'Review', color: '#1f6feb' } },
})

export const get = route({
  method: 'GET',
  path: '/api/boards/{id}',
  summary: 'A board',
  access: 'scoped',
  versioned: true,
  params,
  response: Board,
  example,
})

export const update = route({
  method: 'PATCH',
  path: '/api/boards/{id}',
  summary: 'Rename or colour a board',
  access: 'scoped',
  versioned: true,
  params,
  body: BoardChange,
  response: Board,
  example: { ...example, body: { color: '#2da44e' } },
})

export const reorder = route({
  method: 'PUT',
  path: '/api/boards/{id}/reorder',
  summary: 'Put a board at another place among its project’s boards',
  access: 'scoped',
  params,
  body: z.strictObject({ position }),
  response: Board,
  example: { ...example, body: { position: 0 } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/boards/{id}',
  summary:
    'Delete a board; one with tasks says where they go: `moveTasksTo`. With more than 1,000 it goes when all have moved, and takes none in until then. The last board stays',
  access: 'scoped',
  params,
  query: z.strictObject({ moveTasksTo: id.optional() }),
  status: 204,
  example: { ...example, query: { moveTasksTo: '$otherBoard' } },
})
