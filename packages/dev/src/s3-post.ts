import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { Busboy } from '@fastify/busboy'
import { S3Error } from './s3-error.ts'
import { checkSums } from './s3-measure.ts'
import { checkPolicy } from './s3-policy.ts'
import type { Keys } from './s3-signature.ts'
import type { Received, Store } from './s3-store.ts'

interface Asked {
  bucket: string
  keys: Keys
  store: Store
}
interface Form {
  key: string
  fields: Record<string, string>
  received: Received
  checksums: Record<string, string>
}

const malformed = () =>
  new S3Error(400, 'MalformedPOSTRequest', 'The body of your POST request is not well-formed multipart/form-data.')
const argument = (message: string) => new S3Error(400, 'InvalidArgument', message)

const formOf = (request: IncomingMessage) => {
  try {
    return new Busboy({
      headers: request.headers as { 'content-type': string },
      limits: { fields: 100, fieldSize: 64 * 1024 },
      isPartAFile: (name, _, filename) => name === 'file' || filename !== undefined,
    })
  } catch {
    throw malformed()
  }
}

const receiveFile = async (stream: Readable, sent: Record<string, string>, filename: string, asked: Asked) => {
  if (sent['key'] === undefined) throw argument("Bucket POST must contain a field named 'key'.")
  // Variables are expanded before the policy is looked at; what the form says later does not reach this copy.
  const key = sent['key'].replaceAll('${filename}', filename)
  const fields = { ...sent, key }
  const { min, max } = checkPolicy(fields, asked.bucket, asked.keys)
  const received = await asked.store.receive(stream, max)
  try {
    if (received.size < min)
      throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size')
    return { key, fields, received, checksums: checkSums(received, fields) }
  } catch (error) {
    await asked.store.discard(received)
    throw error
  }
}

/**
 * Reads a form whose file is its last part, streamed to disk as far as its policy allows. Fields that come after the
 * file are not looked at, since the policy was held against those before it.
 */
export const receiveForm = async (request: IncomingMessage, asked: Asked): Promise<Form> => {
  const form = formOf(request)
  const fields: Record<string, string> = {}
  let stream: Readable | undefined
  let file: Promise<Form> | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      form.on('field', (name: string, value: string) => void (fields[name.toLowerCase()] = value))
      form.on('file', (name: string, part: NodeJS.ReadableStream, filename?: string) => {
        part.on('error', () => undefined)
        if (file) return void part.resume()
        stream = part as Readable
        if (name !== 'file') return reject(argument('POST requires exactly one file upload per request.'))
        file = receiveFile(stream, fields, filename ?? '', asked)
        file.catch(reject)
      })
      form.on('error', () => reject(malformed()))
      form.on('finish', resolve)
      request.on('error', () => undefined)
      request.on('close', () => request.complete || reject(malformed()))
      request.pipe(form)
    })
    if (!file) throw argument('POST requires exactly one file upload per request.')
    return await file
  } catch (error) {
    request.unpipe()
    stream?.destroy()
    await file?.then(
      ({ received }) => asked.store.discard(received),
      () => undefined,
    )
    throw error
  }
}
