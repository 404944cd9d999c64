import * as z from 'zod'
import { id, name, time } from '../fields.ts'
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
