import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { S3Error } from './s3-error.ts'

export interface Keys {
  accessKeyId: string
  secretAccessKey: string
}

/** A verified request: what its streaming chunks are signed with. */
export interface Signed {
  signature: string
  scope: string
  date: string
  key: Buffer
}

const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest()
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const encode = (s: string) =>
  encodeURIComponent(s).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** The key of a day, region and service (Signature Version 4). */
export const signingKey = (secret: string, scope: string) =>
  scope.split('/').reduce<Buffer | string>((key, part) => hmac(key, part), `AWS4${secret}`) as Buffer

export const equal = (a: string, b: string) => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

const timeOf = (stamp: string) =>
  Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
const skew = 15 * 60_000

interface Claimed {
  credential: string
  signedHeaders: string
  signature: string
  date: string
  payload: string
  expires: number | undefined
}

const claimOf = (request: IncomingMessage, url: URL): Claimed | undefined => {
  const header = request.headers.authorization
  const q = (name: string) => url.searchParams.get(`X-Amz-${name}`) ?? ''
  if (header?.startsWith('AWS4-HMAC-SHA256 ')) {
    const part = (name: string) => new RegExp(`${name}=([^,\\s]+)`).exec(header)?.[1] ?? ''
    const payload = request.headers['x-amz-content-sha256']?.toString() ?? 'UNSIGNED-PAYLOAD'
    const date = request.headers['x-amz-date']?.toString() ?? ''
    return {
      credential: part('Credential'),
      signedHeaders: part('SignedHeaders'),
      signature: part('Signature'),
      date,
      payload,
      expires: undefined,
    }
  }
  if (!url.searchParams.has('X-Amz-Signature')) return undefined
  const payload = url.searchParams.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD'
  return {
    credential: q('Credential'),
    signedHeaders: q('SignedHeaders'),
    signature: q('Signature'),
    date: q('Date'),
    payload,
    expires: Number(q('Expires')),
  }
}

/** Verifies a request by header or presigned URL; undefined for an anonymous one. Throws what S3 answers. */
export const verify = (request: IncomingMessage, url: URL, keys: Keys): Signed | undefined => {
  const claimed = claimOf(request, url)
  if (!claimed) return undefined
  const [id, ...scopeParts] = claimed.credential.split('/')
  if (id !== keys.accessKeyId) throw new S3Error(403, 'InvalidAccessKeyId', 'There is no such key.')
  const at = timeOf(claimed.date)
  const age = Date.now() - at
  if (Number.isNaN(at) || age < -skew)
    throw new S3Error(403, 'RequestTimeTooSkewed', 'The time of the request is too far from ours.')
  if (
    claimed.expires === undefined
      ? age > skew
      : !(claimed.expires > 0 && claimed.expires <= 604_800) || age > claimed.expires * 1000
  )
    throw new S3Error(403, 'AccessDenied', 'Request has expired')
  const scope = scopeParts.join('/')
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&')
  const names = claimed.signedHeaders.split(';')
  if (!names.includes('host')) throw new S3Error(403, 'AccessDenied', 'host must be signed')
  const headers = names
    .map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/\s+/g, ' ')}\n`,
    )
    .join('')
  const path = (request.url ?? '/').split('?')[0]!
  const canonical = [request.method, path, query, headers, claimed.signedHeaders, claimed.payload].join('\n')
  const key = signingKey(keys.secretAccessKey, scope)
  const expected = hmac(key, ['AWS4-HMAC-SHA256', claimed.date, scope, sha256(canonical)].join('\n')).toString('hex')
  if (!equal(expected, claimed.signature))
    throw new S3Error(403, 'SignatureDoesNotMatch', 'The signature does not match the request.')
  return { signature: claimed.signature, scope, date: claimed.date, key }
}

/** The signature of one chunk of a signed stream, over the one before it. */
export const chunkSignature = ({ key, date, scope }: Signed, before: string, hash: string) =>
  hmac(key, ['AWS4-HMAC-SHA256-PAYLOAD', date, scope, before, sha256(''), hash].join('\n')).toString('hex')
