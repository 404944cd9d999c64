import * as z from 'zod'

// PostgreSQL refuses U+0000 and cannot store half of a surrogate pair: both would come back as a 500.
const clean = (s: string) => s.isWellFormed() && !s.includes('\u0000')

/** Free text of `min` to `max` characters (UTF-16 units) as the person typed it. */
export const text = (max: number, min = 0) =>
  z.string().min(min).max(max).refine(clean, 'must be valid Unicode without U+0000')

/** A name: trimmed, 1 to `max` characters (UTF-16 units) on one line, of which something can be seen. */
export const name = (max = 100) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine(clean, 'must be valid Unicode without U+0000')
    .refine((s) => !/[\p{Cc}\u2028\u2029]/u.test(s), 'must not contain control characters')
    // Fillers and joiners (U+3164, U+200B) are letters to `trim`, and a nameless person to everybody else.
    .refine((s) => /[^\s\p{Default_Ignorable_Code_Point}]/u.test(s), 'must not be blank')

/** A UUID in lower case; an upper-case one is accepted and lowered. */
export const id = z.uuid().toLowerCase()

/** Ids joined by commas, at most 200. */
export const ids = z
  .string()
  .max(8000)
  .transform((v) => v.split(','))
  .pipe(z.array(id).min(1).max(200))

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

const isTimezone = (zone: string) => {
  // An offset is none: `+09:00` means the opposite to some programs, and knows no summer time.
  if (/^[+-]/.test(zone)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
/** An IANA time zone, `Asia/Seoul`. */
export const timezone = text(64, 1).refine(isTimezone, 'must be an IANA time zone')

/** How large something is. */
export const bytes = z.int().describe('Bytes')
/** For how long something is good. */
export const seconds = z.int().describe('Seconds')

/** A query parameter that is `true` or `false`. */
export const flag = z.enum(['true', 'false']).transform((v) => v === 'true')
