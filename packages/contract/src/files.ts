import * as z from 'zod'
import { id, seconds, text } from './fields.ts'

/** Bytes of a file that one form takes. */
export const formBytes = 50 * 1024 * 1024

const utf8 = new TextEncoder()

/** A file's name as a person typed it, 1 to 255 characters (code points) without control characters. */
export const fileName = text(510, 1)
  // As macOS names files, letters come in parts; whoever types the name has them whole.
  .overwrite((s) => s.normalize('NFC'))
  .refine((s) => [...s].length <= 255, 'has 255 characters at most')
  .refine((s) => !/\p{Cc}/u.test(s), 'must not contain control characters')
  .refine((s) => s.trim() !== '', 'must not be blank')
  // Some letters stand for whole words (U+FDFA for eighteen), and lists go on by the name as it is compared.
  .refine((s) => utf8.encode(s.normalize('NFKC').toLowerCase()).length <= 1200, 'is too long as it is compared')

/** A media type, lowered, without parameters. */
export const contentType = z
  .string()
  .max(127)
  .regex(/^[a-z0-9][\w!#$&^.+-]*\/[a-z0-9][\w!#$&^.+-]*$/i, 'is a media type like image/png, without parameters')
  .toLowerCase()

/**
 * A form to POST a file with, as multipart/form-data: all `fields`, then `file`. Valid for `expiresIn` seconds; `id` is
 * what the file is then called.
 */
export const UploadForm = z
  .strictObject({ id, url: z.string(), fields: z.record(z.string(), z.string()), expiresIn: seconds })
  .meta({ id: 'UploadForm' })
export type UploadForm = z.infer<typeof UploadForm>
