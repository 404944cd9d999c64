import { createHmac } from 'node:crypto'
import * as z from 'zod'
import { S3Error } from './s3-error.ts'
import { equal, type Keys, scopeOf, signingKey } from './s3-signature.ts'

const Text = z.coerce.string()
const Policy = z.object({
  expiration: z.iso.datetime(),
  conditions: z.array(
    z.union([
      z.tuple([z.literal('content-length-range'), z.coerce.number(), z.coerce.number()]),
      z.tuple([z.enum(['eq', 'starts-with']), z.string().startsWith('$'), Text]),
      z.record(z.string(), Text),
    ]),
  ),
})

const denied = (why: string) => new S3Error(403, 'AccessDenied', `Invalid according to Policy: ${why}`)

const policyOf = (text: string) => {
  try {
    return Policy.parse(JSON.parse(Buffer.from(text, 'base64').toString()))
  } catch {
    throw new S3Error(400, 'InvalidPolicyDocument', 'The content of the form does not meet its policy’s syntax.')
  }
}

/**
 * Holds a form (POST Object) against its signed policy: every field must be named by a condition, and every condition
 * must hold, the bucket's too. Names of fields are in lower case. Returns the bytes that the file may have.
 */
export const checkPolicy = (fields: Readonly<Record<string, string>>, bucket: string, keys: Keys) => {
  const field = (name: string) => (Object.hasOwn(fields, name) ? fields[name] : undefined)
  const policy = field('policy')
  if (!policy) throw new S3Error(403, 'AccessDenied', 'Access Denied')
  if (field('x-amz-algorithm') !== 'AWS4-HMAC-SHA256')
    throw new S3Error(400, 'InvalidArgument', 'x-amz-algorithm must be AWS4-HMAC-SHA256.')
  const scope = scopeOf(field('x-amz-credential') ?? '', field('x-amz-date') ?? '', keys)
  const expected = createHmac('sha256', signingKey(keys.secretAccessKey, scope)).update(policy).digest('hex')
  if (!equal(expected, field('x-amz-signature') ?? ''))
    throw new S3Error(403, 'SignatureDoesNotMatch', 'The signature we calculated does not match the one you provided.')

  const { expiration, conditions } = policyOf(policy)
  if (Date.parse(expiration) <= Date.now()) throw denied('Policy expired.')
  const valueOf = (name: string) => (name === 'bucket' ? bucket : field(name))
  const named = new Set(['policy', 'x-amz-signature', 'file'])
  const hold = (kind: string, variable: string, wanted: string) => {
    const name = variable.toLowerCase()
    named.add(name)
    const value = valueOf(name)
    if (kind === 'eq' ? value !== wanted : !(value ?? '').startsWith(wanted))
      throw denied(`Policy Condition failed: ["${kind}", "$${variable}", "${wanted}"]`)
  }
  const length = { min: 0, max: 5 * 1024 ** 3 }
  for (const condition of conditions) {
    if (!Array.isArray(condition)) for (const [name, value] of Object.entries(condition)) hold('eq', name, value)
    else if (condition[0] === 'content-length-range') [, length.min, length.max] = condition
    else hold(condition[0], condition[1].slice(1), condition[2])
  }
  const extra = ['bucket', ...Object.keys(fields)].find((name) => !named.has(name) && !name.startsWith('x-ignore-'))
  if (extra) throw denied(`Extra input fields: ${extra}`)
  return length
}
