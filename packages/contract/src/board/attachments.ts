import * as z from 'zod'
import { id, time } from '../fields.ts'

/** A file of a task, as S3 really holds it. */
export const Attachment = z
  .strictObject({
    id,
    taskId: id,
    projectId: id,
    name: z.string(),
    contentType: z.string(),
    /** Bytes. */
    size: z.int(),
    createdBy: id,
    createdAt: time,
  })
  .meta({ id: 'Attachment' })
export type Attachment = z.infer<typeof Attachment>
