import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { bodyOf, check } from './s3-body.ts'
import { escapeXml, S3Error } from './s3-error.ts'
import { receiveForm } from './s3-post.ts'
import { type Keys, type Signed, verify } from './s3-signature.ts'
import { openStore, type Store, type Stored } from './s3-store.ts'
import { deleteMany, listObjects } from './s3-xml.ts'

export interface S3Options extends Keys {
  dir: string
  port?: number
  buckets: readonly string[]
  /** Keys that anybody may read, as CloudFront lets them: `avatars/`. */
  publicPrefixes?: readonly string[]
}

/**
 * A development stand-in for S3: path-style, one pair of keys. Verifies signatures (header, URL, form policy, chunks),
 * checksums and ranges, streams to disk. It knows what weAlist uses, and says NotImplemented to the rest.
 */
export const startS3 = async ({ dir, port: wanted = 0, buckets, publicPrefixes = [], ...keys }: S3Options) => {
  const store = openStore(dir, buckets)
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    answer({ request, response, store, keys, publicPrefixes }).catch((error: unknown) =>
      refuse(request, response, error),
    )
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(wanted, resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://localhost:${port}`,
    port,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Asked {
  request: IncomingMessage
  response: ServerResponse
  store: Store
  keys: Keys
  publicPrefixes: readonly string[]
}

const cors = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, PUT, POST, DELETE',
  'access-control-allow-headers': '*',
  'access-control-expose-headers': 'ETag, Content-Range, x-amz-version-id',
  'access-control-max-age': '600',
}

const refuse = (request: IncomingMessage, response: ServerResponse, error: unknown) => {
  if (response.headersSent) return void response.destroy()
  const known = error instanceof S3Error ? error : new S3Error(500, 'InternalError', String(error))
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${known.code}</Code><Message>${escapeXml(known.message)}</Message></Error>`
  request.resume()
  response
    .writeHead(known.status, { ...cors, 'content-type': 'application/xml' })
    .end(request.method === 'HEAD' ? undefined : body)
}

const answer = async ({ request, response, store, keys, publicPrefixes }: Asked) => {
  const url = new URL(request.url ?? '/', 'http://s3')
  const [bucket = '', ...rest] = (request.url ?? '/').split('?')[0]!.slice(1).split('/').map(decodeURIComponent)
  const key = rest.join('/')
  const method = request.method ?? 'GET'
  const send = (status: number, headers: Record<string, string | number> = {}, body?: string) =>
    void response.writeHead(status, { ...cors, ...headers }).end(body)
  if (method === 'OPTIONS') return send(204)

  const form = (request.headers['content-type'] ?? '').startsWith('multipart/form-data')
  if (method === 'POST' && key === '' && form) {
    if (!store.has(bucket)) throw new S3Error(404, 'NoSuchBucket', 'The bucket does not exist.')
    const { fields, received } = await receiveForm(request, { bucket, keys, store })
    const { etag } = await store.keep(bucket, fields['key']!, received, kept(fields))
    return send(Number(fields['success_action_status']) === 201 ? 201 : 204, { etag })
  }

  const signed = verify(request, url, keys)
  const isPublic = (method === 'GET' || method === 'HEAD') && publicPrefixes.some((prefix) => key.startsWith(prefix))
  if (!signed && !(isPublic && store.get(bucket, key))) throw new S3Error(403, 'AccessDenied', 'Access Denied')
  if (key === '') {
    if (method === 'PUT') return (store.create(bucket), send(200))
    if (!store.has(bucket)) throw new S3Error(404, 'NoSuchBucket', 'The bucket does not exist.')
    if (method === 'HEAD') return send(200)
    if (method === 'GET')
      return send(200, { 'content-type': 'application/xml' }, listObjects(store, bucket, url.searchParams))
    if (method === 'POST' && url.searchParams.has('delete'))
      return send(200, { 'content-type': 'application/xml' }, await deleteMany(store, bucket, await textOf(request)))
  } else if (method === 'GET' || method === 'HEAD') return read({ request, response, store, bucket, key, url })
  else if (method === 'DELETE') return (await store.remove(bucket, key), send(204))
  else if (method === 'PUT' && request.headers['x-amz-copy-source'])
    return send(200, { 'content-type': 'application/xml' }, await copy(request, store, bucket, key))
  else if (method === 'PUT') return send(200, { etag: (await write(request, signed!, store, bucket, key)).etag })
  throw new S3Error(501, 'NotImplemented', 'This stand-in does not know that.')
}

const kept = (headers: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) =>
        /^(content-type|content-disposition|content-language|cache-control|expires|x-amz-meta-.+)$/.test(name),
      )
      .map(([name, value]) => [name, String(value)]),
  )

const headersOf = (request: IncomingMessage) =>
  Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]))

const write = async (
  request: IncomingMessage,
  signed: Signed,
  store: Store,
  bucket: string,
  key: string,
): Promise<Stored> => {
  if (!store.has(bucket)) throw new S3Error(404, 'NoSuchBucket', 'The bucket does not exist.')
  if (request.headers['if-none-match'] === '*' && store.get(bucket, key))
    throw new S3Error(412, 'PreconditionFailed', 'The object is there already.')
  const trailers: Record<string, string> = {}
  const received = await store.receive(bodyOf(request, signed, trailers))
  try {
    check(received, { ...headersOf(request), ...trailers })
  } catch (error) {
    await store.discard(received)
    throw error
  }
  return store.keep(bucket, key, received, kept(request.headers))
}

const copy = async (request: IncomingMessage, store: Store, bucket: string, key: string) => {
  const [from = '', ...rest] = decodeURIComponent(String(request.headers['x-amz-copy-source']))
    .replace(/^\//, '')
    .split('/')
  const source = store.get(from, rest.join('/'))
  if (!source) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.')
  const wanted = request.headers['x-amz-copy-source-if-match']
  if (wanted !== undefined && String(wanted).replaceAll('"', '') !== source.etag.replaceAll('"', ''))
    throw new S3Error(412, 'PreconditionFailed', 'The source has changed.')
  const headers = request.headers['x-amz-metadata-directive'] === 'REPLACE' ? kept(request.headers) : source.headers
  const received = await store.receive(store.read(from, source.key))
  const { etag, modified } = await store.keep(bucket, key, received, headers)
  return `<?xml version="1.0" encoding="UTF-8"?><CopyObjectResult><LastModified>${modified}</LastModified><ETag>${escapeXml(etag)}</ETag></CopyObjectResult>`
}

const read = async ({
  request,
  response,
  store,
  bucket,
  key,
  url,
}: Pick<Asked, 'request' | 'response' | 'store'> & { bucket: string; key: string; url: URL }) => {
  const stored = store.get(bucket, key)
  if (!stored) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.')
  const { 'if-none-match': unless, 'if-match': only, range } = request.headers
  if (only && only !== stored.etag) throw new S3Error(412, 'PreconditionFailed', 'It is another one now.')
  if (unless === stored.etag) return void response.writeHead(304, cors).end()
  const headers: Record<string, string> = {
    ...cors,
    'accept-ranges': 'bytes',
    etag: stored.etag,
    'last-modified': new Date(stored.modified).toUTCString(),
    ...stored.headers,
  }
  for (const name of ['content-type', 'content-disposition', 'cache-control', 'content-language']) {
    const instead = url.searchParams.get(`response-${name}`)
    if (instead !== null) headers[name] = instead
  }
  const part = range ? partOf(range, stored.size) : undefined
  const length = part ? part.end - part.start + 1 : stored.size
  if (part) headers['content-range'] = `bytes ${part.start}-${part.end}/${stored.size}`
  response.writeHead(part ? 206 : 200, { ...headers, 'content-length': length })
  if (request.method === 'HEAD' || length === 0) return void response.end()
  await pipeline(store.read(bucket, key, part), response)
}

const partOf = (range: string, size: number) => {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? []
  if (from === undefined || (from === '' && to === '')) return undefined
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (start > end || start >= size) throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable')
  return { start, end }
}

const textOf = async (request: IncomingMessage) => {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > 2_000_000) throw new S3Error(400, 'MalformedXML', 'That is too long.')
  }
  return text
}
