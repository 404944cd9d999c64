import * as z from 'zod'
import { id, name, seq, time } from '../fields.ts'
import { route } from '../route.ts'
import { color } from './boards.ts'

/** A word that a project's tasks may carry, at most 100 of them. Names are unique in a project, whatever their case. */
export const Label = z
  .strictObject({
    id,
    projectId: id,
    name: z.string(),
    color: z.string(),
    version: z.int(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Label' })
export type Label = z.infer<typeof Label>

export const NewLabel = z.strictObject({ name: name(50), color: color.default('#8b949e') })
export type NewLabel = z.infer<typeof NewLabel>
export const LabelChange = z.strictObject({ name: name(50).optional(), color: color.optional() })
export type LabelChange = z.infer<typeof LabelChange>

const params = z.strictObject({ id })
const one = z.strictObject({ id, labelId: id })
const example = { params: { id: '$project', labelId: '$label' } }

export const list = route({
  method: 'GET',
  path: '/api/projects/{id}/labels',
  summary: 'The labels of a project by name, at most 100',
  access: 'scoped',
  params,
  response: z.strictObject({ items: z.array(Label), nextCursor: z.null(), seq }),
  example: { params: { id: '$project' } },
})

export const create = route({
  method: 'POST',
  path: '/api/projects/{id}/labels',
  summary: 'Add a label; 409 where there are 100',
  access: 'scoped',
  idempotent: true,
  versioned: true,
  params,
  body: NewLabel,
  status: 201,
  response: Label,
  example: { params: { id: '$project' }, body: { name: 'Bug', color: '#d1242f' } },
})

export const update = route({
  method: 'PATCH',
  path: '/api/projects/{id}/labels/{labelId}',
  summary: 'Rename or colour a label',
  access: 'scoped',
  versioned: true,
  params: one,
  body: LabelChange,
  response: Label,
  example: { ...example, body: { color: '#8250df' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/projects/{id}/labels/{labelId}',
  summary:
    'Delete a label, and take it from every task that has it, from more than 1,000 soon after; the project’s admins may',
  access: 'scoped',
  params: one,
  status: 204,
  example,
})
