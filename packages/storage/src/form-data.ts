import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Problem } from '@wealist/contract/problem'
import { invalid } from '@wealist/kit/errors'
import busboy from 'busboy'

export interface FormFile {
  fields: Record<string, string>
  name: string
  mimeType: string
  stream: Readable & { truncated?: boolean }
  /** Reads what is left and forgets it: a client that is still sending would not hear the answer. */
  drain(): Promise<void>
}

/**
 * The fields of a form that come before its file, and the file as a stream of at most `most` bytes (`truncated` where it
 * had more). 415 for what is no form, 400 for one without a file.
 */
export const readForm = (request: Request, most: number): Promise<FormFile> => {
  const type = request.headers.get('content-type') ?? ''
  if (!/^multipart\/form-data\s*;/i.test(type) || !request.body)
    throw new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send the file as multipart/form-data.')
  return new Promise((resolve, reject) => {
    const broken = () => reject(invalid([{ path: 'file', message: 'the form is broken, or has no file' }]))
    const fields: Record<string, string> = {}
    let parser
    try {
      parser = busboy({
        headers: { 'content-type': type },
        defParamCharset: 'utf8',
        preservePath: true,
        limits: { files: 1, fields: 10, fieldSize: 1000, fileSize: most, headerPairs: 100 },
      })
    } catch {
      return broken()
    }
    parser.on('field', (name: string, value: string) => void (fields[name] = value))
    parser.on('file', (_field: string, stream: FormFile['stream'], info: { filename?: string; mimeType: string }) =>
      resolve({
        fields,
        name: info.filename ?? '',
        mimeType: info.mimeType,
        stream,
        drain: () => drained(stream, ended),
      }),
    )
    parser.on('error', broken)
    parser.on('close', broken)
    const body = Readable.fromWeb(request.body as never)
    const ended = finished(body, { writable: false }).catch(() => undefined)
    body.on('error', (error) => {
      broken()
      parser.destroy(error)
    })
    body.pipe(parser)
  })
}

const drained = async (stream: Readable, ended: Promise<unknown>) => {
  stream.resume()
  await ended
}
