import * as z from 'zod'
import { id, name, time } from '../fields.ts'
import { color } from './boards.ts'

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
