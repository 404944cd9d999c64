import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Problem } from '@wealist/contract/problem'
import { codeOf, invalid } from '@wealist/kit/errors'
import busboy from 'busboy'

export interface FormFile {
  fields: Record<string, string>
  name: string
  mimeType: string
  /**
   * The file's bytes. They end when the whole form has come: 400 where it broke off or is broken after them, too, and 413
   * where there are more than it takes.
   */
  content: AsyncIterable<Uint8Array>
  /** Reads what is left and forgets it: a client that is still sending would not hear the answer. */
  drain(): Promise<void>
}

export interface FormLimits {
  /** Bytes of the file. */
  most: number
  /** Milliseconds that the next byte is waited for. */
  silence: number
}

const broken = () => invalid([{ path: 'file', message: 'the form is broken, or has no file' }])
const silent = (ms: number) => invalid([{ path: 'file', message: `nothing came of it for ${ms / 1000} s` }])
export const tooLarge = () =>
  new Problem('PAYLOAD_TOO_LARGE', 'A form takes 50 MB at most. Larger files go by POST /api/storage/uploads.')

/** The fields of a form that come before its file, and the file. 415 for what is no form, 400 for one without a file. */
export const readForm = async (request: Request, { most, silence }: FormLimits): Promise<FormFile> => {
  const type = request.headers.get('content-type') ?? ''
  if (!/^multipart\/form-data\s*;/i.test(type) || !request.body)
    throw new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send the file as multipart/form-data.')
  const parser = parserOf(type, most)
  const body = Readable.from(inTime(request.body, silence))
  const ended = finished(body, { writable: false }).catch(() => undefined)
  const fields: Record<string, string> = {}
  const begun = Promise.withResolvers<FormFile>()
  const whole = Promise.withResolvers<void>()
  // Nobody may be reading the file yet, or ever.
  whole.promise.catch(() => undefined)
  // The parser takes no more after a fault. What still comes is read and forgotten, so that its sender hears of it.
  const fail = (why: unknown) => {
    whole.reject(why)
    parser.destroy()
    body.unpipe(parser).resume()
    void ended.then(() => begun.reject(why))
  }
  parser.on('field', (name, value) => void (fields[name] = value))
  parser.on('file', (_, file, { filename, mimeType }) => {
    // It fails with the form, at any time from here on, and what is unheard ends the process.
    file.on('error', () => undefined)
    const content = contentOf(file, whole.promise)
    const drain = async () => {
      fail(broken())
      await ended
    }
    // It may be a file by its type alone, without a name.
    begun.resolve({ fields, name: filename ?? '', mimeType, content, drain })
  })
  parser.on('error', () => fail(broken()))
  parser.on('close', () => {
    whole.resolve()
    void ended.then(() => begun.reject(broken()))
  })
  body.on('error', (error) => fail(codeOf(error) ? error : broken()))
  body.pipe(parser)
  return begun.promise
}

const parserOf = (type: string, most: number) => {
  try {
    return busboy({
      headers: { 'content-type': type },
      defParamCharset: 'utf8',
      preservePath: true,
      // A file is cut off at its limit, also one that has no more.
      limits: { files: 1, fields: 10, fieldSize: 1000, fileSize: most + 1, headerPairs: 100 },
    })
  } catch {
    throw broken()
  }
}

const contentOf = async function* (file: Readable & { truncated?: boolean }, whole: Promise<void>) {
  try {
    yield* file as AsyncIterable<Uint8Array>
  } catch {
    // The form says why, since the file knows only that it ended early.
    await whole
    throw broken()
  }
  if (file.truncated) throw tooLarge()
  await whole
}

// While nobody takes what came, nothing more is asked for, and no time runs.
const inTime = async function* (body: ReadableStream<Uint8Array>, silence: number) {
  const reader = body.getReader()
  for (;;) {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(silent(silence)), silence)
    const { done, value } = await Promise.race([reader.read(), late]).finally(() => clearTimeout(timer))
    if (done) return
    yield value
  }
}
