import * as z from 'zod'
import { seq } from './fields.ts'

/** The query of every list: `limit` 1 to 100 (50), `cursor` opaque, as the last answer gave it. */
export const paging = {
  limit: z.coerce.number<number>().int().min(1).max(100).default(50),
  cursor: z.string().max(2000).optional(),
}

/** A page of a list. `nextCursor` is null on the last one. */
export const page = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() })

/** A page of a live topic: `seq` was read in the same statement as the items (over several pages keep the smallest). */
export const livePage = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable(), seq })
