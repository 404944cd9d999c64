import { Readable } from 'node:stream'
import { Problem } from '@wealist/contract/problem'
import { invalid } from '@wealist/kit/errors'
import busboy from 'busboy'

export interface FormFile {
  fields: Record<string, string>
  name: string
  mimeType: string
  stream: Readable & { truncated?: boolean }
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
      resolve({ fields, name: info.filename ?? '', mimeType: info.mimeType, stream }),
    )
    parser.on('error', broken)
    parser.on('close', broken)
    const body = Readable.fromWeb(request.body as never)
    body.on('error', broken)
    body.pipe(parser)
  })
}
