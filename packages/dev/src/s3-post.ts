import type { IncomingMessage } from 'node:http'
import { Busboy } from '@fastify/busboy'
import { createHmac } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { S3Error } from './s3-error.ts'
import { equal, type Keys, signingKey } from './s3-signature.ts'
import type { Received, Store } from './s3-store.ts'

type Condition = Record<string, string> | [string, string | number, string | number]

const denied = (why: string) => new S3Error(403, 'AccessDenied', `Invalid according to Policy: ${why}`)

/** What a signed policy allows of a form (POST Object): every field in it, and its file's length. */
export const checkPolicy = (
  fields: Record<string, string>,
  bucket: string,
  keys: Keys,
): { min: number; max: number } => {
  const { policy = '', 'x-amz-credential': credential = '', 'x-amz-signature': signature = '' } = fields
  const [id, ...scope] = credential.split('/')
  if (!policy) throw denied('there is no policy')
  if (id !== keys.accessKeyId) throw new S3Error(403, 'InvalidAccessKeyId', 'There is no such key.')
  const expected = createHmac('sha256', signingKey(keys.secretAccessKey, scope.join('/')))
    .update(policy)
    .digest('hex')
  if (!equal(expected, signature))
    throw new S3Error(403, 'SignatureDoesNotMatch', 'The signature does not match the policy.')
  const { expiration, conditions } = JSON.parse(Buffer.from(policy, 'base64').toString()) as {
    expiration: string
    conditions: Condition[]
  }
  if (!(Date.parse(expiration) > Date.now())) throw denied('Policy expired.')
  const given: Record<string, string> = { ...fields, bucket }
  const allowed = new Set(['policy', 'x-amz-signature', 'file', 'bucket'])
  let length = { min: 0, max: 5 * 1024 ** 3 }
  for (const condition of conditions) {
    if (!Array.isArray(condition)) {
      for (const [name, value] of Object.entries(condition)) {
        allowed.add(name.toLowerCase())
        if (given[name.toLowerCase()] !== value) throw denied(`["eq", "$${name}", "${value}"]`)
      }
    } else if (condition[0] === 'content-length-range')
      length = { min: Number(condition[1]), max: Number(condition[2]) }
    else {
      const name = String(condition[1]).replace(/^\$/, '').toLowerCase()
      const [kind, , wanted] = condition
      allowed.add(name)
      const value = given[name] ?? ''
      if (kind === 'eq' ? value !== wanted : kind === 'starts-with' ? !value.startsWith(String(wanted)) : true)
        throw denied(JSON.stringify(condition))
    }
  }
  const extra = Object.keys(fields).find((name) => !allowed.has(name) && !name.startsWith('x-ignore-'))
  if (extra) throw denied(`Extra input fields: ${extra}`)
  return length
}

/** Reads a form: its fields first, then the file, streamed to disk as far as the policy allows. */
export const receiveForm = (
  request: IncomingMessage,
  { bucket, keys, store }: { bucket: string; keys: Keys; store: Store },
) =>
  new Promise<{ fields: Record<string, string>; received: Received }>((resolve, reject) => {
    const fields: Record<string, string> = {}
    let file: Promise<Received> | undefined
    const fail = (error: unknown) => {
      // The rest of the form is read and dropped, so that the client hears the answer.
      request.unpipe()
      request.resume()
      reject(error)
    }
    const form = new Busboy({
      headers: request.headers as never,
      limits: { fields: 50, fieldSize: 64 * 1024, files: 1 },
    })
    form.on('field', (name: string, value: string) => void (fields[name.toLowerCase()] = value))
    form.on('file', (name: string, stream: NodeJS.ReadableStream) => {
      try {
        if (name !== 'file')
          throw new S3Error(400, 'InvalidArgument', 'POST requires exactly one file upload per request.')
        const { min, max } = checkPolicy(fields, bucket, keys)
        file = store.receive(stream.pipe(new PassThrough()), max).then(async (received) => {
          if (received.size >= min) return received
          await store.discard(received)
          throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size')
        })
        file.catch(fail)
      } catch (error) {
        stream.resume()
        fail(error)
      }
    })
    form.on('error', fail)
    form.on('finish', () => {
      if (!file) return fail(new S3Error(400, 'InvalidArgument', 'POST requires exactly one file upload per request.'))
      file.then((received) => resolve({ fields, received }), reject)
    })
    request.pipe(form)
  })
