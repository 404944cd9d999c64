import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { bodyOf, checkBody } from './s3-body.ts'
import { noSuchBucket, noSuchKey, S3Error } from './s3-error.ts'
import { type Headers, keptOf, matches, sendable } from './s3-headers.ts'
import type { Signed } from './s3-signature.ts'
import type { Store, Stored } from './s3-store.ts'

export interface Asked {
  request: IncomingMessage
  response: ServerResponse
  store: Store
  bucket: string
  key: string
  url: URL
  headers: Headers
}

const failed = (message: string) => new S3Error(412, 'PreconditionFailed', message)

/** What If-None-Match and If-Match of a write demand of the object that is there. */
const allowOf = (headers: Headers) => (current: Stored | undefined) => {
  const { 'if-none-match': unless, 'if-match': only } = headers
  if (unless !== undefined && current && matches(unless, current.etag)) throw failed('The object is there already.')
  if (only === undefined) return
  if (!current) throw noSuchKey()
  if (!matches(only, current.etag)) throw failed('It is another one now.')
}

/** PutObject. */
export const writeObject = async (asked: Omit<Asked, 'response' | 'url'>, signed: Signed) => {
  const { request, store, headers, bucket } = asked
  if (!store.has(bucket)) throw noSuchBucket()
  const allow = allowOf(headers)
  allow(store.get(bucket, asked.key))
  const kept = keptOf(headers)
  if (headers['content-length'] === undefined && headers['x-amz-decoded-content-length'] === undefined)
    throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.')
  const trailers: Headers = {}
  const received = await store.receive(bodyOf(request, signed, trailers))
  try {
    const checksums = checkBody(received, signed, headers, trailers)
    return store.keep(asked, received, { headers: kept, checksums, allow })
  } catch (error) {
    await store.discard(received)
    throw error
  }
}

/** CopyObject, also between buckets. */
export const copyObject = async ({
  store,
  headers,
  bucket,
  key,
}: Pick<Asked, 'store' | 'headers' | 'bucket' | 'key'>) => {
  const [path = '', query] = (headers['x-amz-copy-source'] ?? '').split('?')
  if (query !== undefined) throw new S3Error(501, 'NotImplemented', 'This stand-in keeps no versions.')
  const [from = '', ...rest] = decodeURIComponent(path).replace(/^\//, '').split('/')
  const source = store.get(from, rest.join('/'))
  if (!source) throw noSuchKey()
  if (!store.has(bucket)) throw noSuchBucket()
  const wanted = headers['x-amz-copy-source-if-match']
  if (wanted !== undefined && !matches(wanted, source.etag)) throw failed('The source has changed.')
  const replaced = headers['x-amz-metadata-directive'] === 'REPLACE'
  const kept = replaced ? keptOf(headers) : source.headers
  const received = await store.receive(store.read(from, source))
  return store.keep({ bucket, key }, received, {
    headers: kept,
    checksums: source.checksums,
    allow: allowOf(headers),
  })
}

const overridable = [
  'content-type',
  'content-disposition',
  'content-language',
  'content-encoding',
  'cache-control',
  'expires',
]

/** GetObject and HeadObject, whole or a range. */
export const readObject = async ({ request, response, store, bucket, key, url, headers: asked }: Asked) => {
  const stored = store.get(bucket, key)
  if (!stored) throw noSuchKey()
  const { 'if-none-match': unless, 'if-match': only, range } = asked
  if (only !== undefined && !matches(only, stored.etag)) throw failed('It is another one now.')
  const common = { etag: stored.etag, 'last-modified': new Date(stored.modified).toUTCString() }
  if (unless !== undefined && matches(unless, stored.etag)) return void response.writeHead(304, common).end()
  const part = range === undefined ? undefined : partOf(range, stored.size)
  const length = part ? part.end - part.start + 1 : stored.size
  const headers: Record<string, string | number> = {
    'content-type': 'binary/octet-stream',
    ...stored.headers,
    ...common,
    'accept-ranges': 'bytes',
    'content-length': length,
  }
  if (part) headers['content-range'] = `bytes ${part.start}-${part.end}/${stored.size}`
  else if (asked['x-amz-checksum-mode'] === 'ENABLED') Object.assign(headers, stored.checksums)
  for (const name of overridable) {
    const instead = url.searchParams.get(`response-${name}`)
    if (instead !== null) headers[name] = sendable(name, instead)
  }
  if (request.method === 'HEAD' || length === 0) return void response.writeHead(part ? 206 : 200, headers).end()
  const content = store.read(bucket, stored, part)
  response.writeHead(part ? 206 : 200, headers)
  await pipeline(content, response)
}

// A range that is no range is not looked at (RFC 9110, section 14.2).
const partOf = (range: string, size: number) => {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? []
  if (from === undefined || (from === '' && to === '')) return undefined
  if (from !== '' && to !== '' && Number(from) > Number(to)) return undefined
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (start >= size) throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable')
  return { start, end }
}
