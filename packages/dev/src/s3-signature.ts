import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { notImplemented, S3Error } from './s3-error.ts'

export interface Keys {
  accessKeyId: string
  secretAccessKey: string
}

/** A verified request: what it says of its body, and what its streaming chunks are signed with. */
export interface Signed {
  signature: string
  scope: string
  date: string
  key: Buffer
  payload: string
}

const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest()
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const encode = (s: string) =>
  encodeURIComponent(s).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** The key of a day, region and service (Signature Version 4). */
export const signingKey = (secret: string, scope: string) =>
  scope.split('/').reduce<Buffer | string>((key, part) => hmac(key, part), `AWS4${secret}`) as Buffer

export const equal = (a: string, b: string) => {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}

/** The scope of a credential of ours, for S3 and the day of `date`, or the refusal. */
export const scopeOf = (credential: string, date: string, keys: Keys) => {
  const [id, ...parts] = credential.split('/')
  if (id !== keys.accessKeyId)
    throw new S3Error(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  const scope = parts.join('/')
  if (!/^\d{8}\/[a-z0-9-]+\/s3\/aws4_request$/.test(scope) || parts[0] !== date.slice(0, 8))
    throw new S3Error(400, 'AuthorizationHeaderMalformed', 'The credential must be of the day of the request, for s3.')
  return scope
}

const timeOf = (stamp: string) =>
  Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
const skew = 15 * 60_000

interface Claimed {
  credential: string
  signedHeaders: string
  signature: string
  date: string
  payload: string
  expires?: number
}

const claimOf = (request: IncomingMessage, url: URL): Claimed | undefined => {
  const { authorization: header, 'x-amz-date': date, 'x-amz-content-sha256': hash } = request.headers
  if (header?.startsWith('AWS4-HMAC-SHA256 ')) {
    const part = (name: string) => new RegExp(`[\\s,]${name}=([^,\\s]+)`).exec(header)?.[1] ?? ''
    if (hash === undefined)
      throw new S3Error(400, 'MissingSecurityHeader', 'The request must say x-amz-content-sha256.')
    return {
      credential: part('Credential'),
      signedHeaders: part('SignedHeaders'),
      signature: part('Signature'),
      date: String(date ?? ''),
      payload: String(hash),
    }
  }
  if (!url.searchParams.has('X-Amz-Signature')) return undefined
  const q = (name: string) => url.searchParams.get(`X-Amz-${name}`) ?? ''
  if (q('Algorithm') !== 'AWS4-HMAC-SHA256')
    throw new S3Error(400, 'AuthorizationQueryParametersError', 'X-Amz-Algorithm must be AWS4-HMAC-SHA256.')
  return {
    credential: q('Credential'),
    signedHeaders: q('SignedHeaders'),
    signature: q('Signature'),
    date: q('Date'),
    payload: q('Content-Sha256') || String(hash ?? 'UNSIGNED-PAYLOAD'),
    expires: Number(q('Expires')),
  }
}

const payloads =
  /^([0-9a-f]{64}|UNSIGNED-PAYLOAD|STREAMING-AWS4-HMAC-SHA256-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER)$/

const checkTime = ({ date, expires }: Claimed) => {
  const age = Date.now() - timeOf(date)
  if (!(age >= -skew) || (expires === undefined && age > skew))
    throw new S3Error(
      403,
      'RequestTimeTooSkewed',
      'The difference between the time of the request and ours is too large.',
    )
  if (expires === undefined) return
  if (!(expires > 0 && expires <= 604_800))
    throw new S3Error(400, 'AuthorizationQueryParametersError', 'X-Amz-Expires must be between 1 s and a week.')
  if (age > expires * 1000) throw new S3Error(403, 'AccessDenied', 'Request has expired')
}

const checkSignedHeaders = (request: IncomingMessage, names: string[]) => {
  const missing = Object.keys(request.headers).find(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !names.includes(name),
  )
  if (missing || !names.includes('host'))
    throw new S3Error(
      403,
      'AccessDenied',
      `There were headers present in the request which were not signed: ${missing ?? 'host'}`,
    )
}

const canonicalOf = (request: IncomingMessage, url: URL, { signedHeaders, payload }: Claimed) => {
  const path = (request.url ?? '/').split('?')[0]!
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&')
  const headers = signedHeaders
    .split(';')
    .map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/\s+/g, ' ')}\n`,
    )
    .join('')
  const segments = path.split('/').map((segment) => encode(decodeURIComponent(segment)))
  return [request.method, segments.join('/'), query, headers, signedHeaders, payload].join('\n')
}

/** Verifies a request by header or presigned URL; undefined for an anonymous one. Throws what S3 answers. */
export const verify = (request: IncomingMessage, url: URL, keys: Keys): Signed | undefined => {
  const claimed = claimOf(request, url)
  if (!claimed) return undefined
  const { date, signature, payload } = claimed
  const scope = scopeOf(claimed.credential, date, keys)
  checkTime(claimed)
  checkSignedHeaders(request, claimed.signedHeaders.split(';'))
  if (!payloads.test(payload)) throw notImplemented(`a body that is ${payload}`)
  const key = signingKey(keys.secretAccessKey, scope)
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonicalOf(request, url, claimed))].join('\n')
  if (!equal(hmac(key, text).toString('hex'), signature))
    throw new S3Error(403, 'SignatureDoesNotMatch', 'The signature we calculated does not match the one you provided.')
  return { signature, scope, date, key, payload }
}

/** The signature of one chunk of a signed stream, over the one before it. `hash` is the chunk's SHA-256 in hex. */
export const chunkSignature = ({ key, date, scope }: Omit<Signed, 'payload'>, before: string, hash: string) =>
  hmac(key, ['AWS4-HMAC-SHA256-PAYLOAD', date, scope, before, sha256(''), hash].join('\n')).toString('hex')
