import * as z from 'zod'
import { id, name, seq, time } from '../fields.ts'
import { route } from '../route.ts'
import { color, position } from './boards.ts'

/** What a custom field holds. A `person` is a user id, a `select` the id of one of its options, a `date` is YYYY-MM-DD. */
export const FieldType = z.enum(['text', 'number', 'date', 'select', 'person'])
export type FieldType = z.infer<typeof FieldType>

export const FieldOption = z.strictObject({ id, name: z.string(), color: z.string() })
export type FieldOption = z.infer<typeof FieldOption>

/** A custom field of a project's tasks, at most 50 of them, in the order of `rank`. Only a `select` has options. */
export const Field = z
  .strictObject({
    id,
    projectId: id,
    name: z.string(),
    type: FieldType,
    options: z.array(FieldOption),
    rank: z.string(),
    version: z.int(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Field' })
export type Field = z.infer<typeof Field>

/** An option without an `id` is a new one. */
export const GivenOption = z.strictObject({ id: id.optional(), name: name(50), color: color.default('#8b949e') })
export type GivenOption = z.infer<typeof GivenOption>

const options = z
  .array(GivenOption)
  .max(100)
  .refine((all) => new Set(all.map((o) => o.name.toLowerCase())).size === all.length, 'has a name twice')

export const NewField = z
  .strictObject({
    name: name(50),
    type: FieldType,
    options: options.refine((all) => all.every((o) => o.id === undefined), 'of a new field have no id').default([]),
    position: position.optional(),
  })
  .refine((f) => f.type === 'select' || f.options.length === 0, { path: ['options'], message: 'are for a select' })
export type NewField = z.infer<typeof NewField>

/** `options` are all that there are from now on: without an id a new one, and one that is missing goes, if no task has it. */
export const FieldChange = z.strictObject({
  name: name(50).optional(),
  options: options.optional(),
  position: position.optional(),
})
export type FieldChange = z.infer<typeof FieldChange>

const params = z.strictObject({ id })
const one = z.strictObject({ id, fieldId: id })
const example = { params: { id: '$project', fieldId: '$field' } }

export const list = route({
  method: 'GET',
  path: '/api/projects/{id}/fields',
  summary: 'The custom fields of a project in order, at most 50',
  access: 'scoped',
  params,
  response: z.strictObject({ items: z.array(Field), nextCursor: z.null(), seq }),
  example: { params: { id: '$project' } },
})

export const create = route({
  method: 'POST',
  path: '/api/projects/{id}/fields',
  summary: 'Add a custom field; the project’s admins may. 409 where there are 50',
  access: 'scoped',
  idempotent: true,
  versioned: true,
  params,
  body: NewField,
  status: 201,
  response: Field,
  example: {
    params: { id: '$project' },
    body: { name: 'Stage', type: 'select', options: [{ name: 'Alpha' }, { name: 'Beta', color: '#1f6feb' }] },
  },
})

export const update = route({
  method: 'PATCH',
  path: '/api/projects/{id}/fields/{fieldId}',
  summary: 'Rename a field, place it, or change its options; the project’s admins may. An option that a task has stays',
  access: 'scoped',
  versioned: true,
  params: one,
  body: FieldChange,
  response: Field,
  example: { ...example, body: { name: 'Phase' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/projects/{id}/fields/{fieldId}',
  summary: 'Delete a field with its values in every task, in more than 1,000 soon after; the project’s admins may',
  access: 'scoped',
  params: one,
  status: 204,
  example,
})
