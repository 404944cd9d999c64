import * as z from 'zod'

// PostgreSQL refuses U+0000 and cannot store half of a surrogate pair: both would come back as a 500.
const clean = (s: string) => s.isWellFormed() && !s.includes('\u0000')

/** Free text of `min` to `max` characters (UTF-16 units) as the person typed it. */
export const text = (max: number, min = 0) =>
  z.string().min(min).max(max).refine(clean, 'must be valid Unicode without U+0000')

/** A name: trimmed, 1 to `max` characters, on one line. */
export const name = (max = 100) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine(clean, 'must be valid Unicode without U+0000')
    .refine((s) => !/[\u0001-\u001f\u007f]/.test(s), 'must not contain control characters')

/** A UUID in lower case; an upper-case one is accepted and lowered. */
export const id = z.uuid().toLowerCase()

/** An ISO 8601 time with offset; answers are UTC with milliseconds. */
export const time = z.iso.datetime({ offset: true })

/** A time that somebody gives: as UTC with milliseconds, in the years 1 to 9999, which are those that PostgreSQL and answers know. */
export const moment = time
  .transform((s) => new Date(s).toISOString())
  .refine((s) => /^\d/.test(s) && !s.startsWith('0000'), 'must be in the years 1 to 9999')

/** A day, `2026-01-31`, in the years 1 to 9999. */
export const date = z.iso.date().refine((s) => !s.startsWith('0000'), 'must be in the years 1 to 9999')

/** A sequence number of a live topic: dense, from 1; 0 before the first event. */
export const seq = z.int().min(0)

/** An e-mail address, trimmed and lowered: two spellings of one address are one person. */
export const email = z.string().trim().toLowerCase().max(254).pipe(z.email())

/** A query parameter that is `true` or `false`. */
export const flag = z.enum(['true', 'false']).transform((v) => v === 'true')
