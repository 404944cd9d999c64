import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { textOf } from './s3-body.ts'
import { type Cors, corsHeaders, preflight } from './s3-cors.ts'
import { escapeXml, noSuchBucket, notImplemented, S3Error } from './s3-error.ts'
import { headersOf, keptOf } from './s3-headers.ts'
import { type Asked, copyObject, readObject, writeObject } from './s3-objects.ts'
import { type Multipart, openMultipart } from './s3-multipart.ts'
import { receiveForm } from './s3-post.ts'
import { type Keys, type Signed, verify } from './s3-signature.ts'
import { openStore, type Store } from './s3-store.ts'
import { copied, deleteMany, listObjects, posted } from './s3-xml.ts'

export interface S3Options extends Partial<Keys> {
  dir: string
  port?: number
  buckets?: readonly string[]
  /** Keys that anybody may read, as CloudFront lets them: `avatars/`. */
  publicPrefixes?: readonly string[]
  /** Any origin where nothing is said. */
  cors?: Cors
}

interface World {
  store: Store
  multipart: Multipart
  keys: Keys
  publicPrefixes: readonly string[]
}

/**
 * A development stand-in for S3: path-style, one pair of keys, this machine only. Verifies signatures (header, URL, form
 * policy, chunks) and checksums, streams bodies to disk. It knows what weAlist uses, answers NotImplemented to other
 * operations, and looks past ACLs, encryption, tags and storage classes.
 */
export const startS3 = async ({
  dir,
  port: wanted = 0,
  accessKeyId = 'wealist-local',
  secretAccessKey = 'wealist-local-secret',
  buckets = [],
  publicPrefixes = [],
  cors = { origins: ['*'] },
}: S3Options) => {
  const credentials = { accessKeyId, secretAccessKey }
  const store = openStore(dir, buckets)
  const world: World = { store, multipart: openMultipart(store), keys: credentials, publicPrefixes }
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    const allowed = corsHeaders(request, cors)
    for (const [name, value] of Object.entries({ ...allowed, 'x-amz-request-id': randomUUID() }))
      response.setHeader(name, value)
    const answering =
      request.method === 'OPTIONS'
        ? (async () => void response.writeHead(200, preflight(request, allowed)).end())()
        : answer(request, response, world)
    answering.catch((error: unknown) => refuse(request, response, error))
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(wanted, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://localhost:${port}`,
    port,
    credentials,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const refuse = (request: IncomingMessage, response: ServerResponse, error: unknown) => {
  if (response.headersSent) return void response.destroy()
  const known = error instanceof S3Error ? error : new S3Error(500, 'InternalError', String(error))
  const inner = Object.entries({
    Code: known.code,
    Message: known.message,
    Resource: request.url ?? '',
    RequestId: String(response.getHeader('x-amz-request-id')),
  })
  const body = inner.map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`).join('')
  // The rest of a body is read and dropped, so that the client hears the answer.
  request.resume()
  response
    .writeHead(known.status, { 'content-type': 'application/xml' })
    .end(request.method === 'HEAD' ? undefined : `<?xml version="1.0" encoding="UTF-8"?><Error>${body}</Error>`)
}

const placeOf = (target: string) => {
  try {
    const url = new URL(`http://s3${target}`)
    const [bucket = '', ...rest] = target.split('?')[0]!.slice(1).split('/').map(decodeURIComponent)
    return { url, bucket, key: rest.join('/') }
  } catch {
    throw new S3Error(400, 'InvalidURI', 'Couldn’t parse the specified URI.')
  }
}

const answer = async (
  request: IncomingMessage,
  response: ServerResponse,
  { store, multipart, keys, publicPrefixes }: World,
) => {
  const { url, bucket, key } = placeOf(request.url ?? '/')
  checkKey(key)
  const isForm = (request.headers['content-type'] ?? '').startsWith('multipart/form-data')
  if (request.method === 'POST' && key === '' && isForm) return takeForm({ request, response, store, bucket, keys })

  const signed = verify(request, url, keys)
  const asked = { request, response, store, bucket, key, url, headers: headersOf(request, url) }
  if (signed) return key === '' ? onBucket(asked, signed, multipart) : onObject(asked, signed, multipart)
  const reads = request.method === 'GET' || request.method === 'HEAD'
  const open = reads && publicPrefixes.some((prefix) => key.startsWith(prefix)) && store.get(bucket, key)
  if (!open) throw new S3Error(403, 'AccessDenied', 'Access Denied')
  if ([...url.searchParams.keys()].some((name) => name.startsWith('response-')))
    throw new S3Error(400, 'InvalidRequest', 'Response headers cannot be overridden by anonymous requests.')
  return readObject(asked)
}

const checkKey = (key: string) => {
  if (Buffer.byteLength(key) > 1024) throw new S3Error(400, 'KeyTooLongError', 'Your key is too long')
}

// What a query asks for beyond its signature is an operation or an option; one that is unknown must not be looked past.
const only = (url: URL, known: RegExp) => {
  const other = [...url.searchParams.keys()].find(
    (name) => name !== 'x-id' && !/^x-amz-/i.test(name) && !known.test(name),
  )
  if (other !== undefined) throw notImplemented(`?${other}`)
}

const none = /^$/
const xmlType = { 'content-type': 'application/xml' }
const sendXml = (response: ServerResponse, body: string) => void response.writeHead(200, xmlType).end(body)

const bucketOptions: Record<string, RegExp> = {
  GET: /^(uploads|list-type|prefix|delimiter|max-keys|continuation-token|start-after)$/,
  POST: /^delete$/,
}

const onBucket = async (
  { request, response, store, bucket, url, headers }: Asked,
  signed: Signed,
  multipart: Multipart,
) => {
  const method = request.method ?? ''
  only(url, bucketOptions[method] ?? none)
  if (method === 'PUT') {
    store.create(bucket)
    return void response.writeHead(200, { location: `/${bucket}` }).end()
  }
  if (!store.has(bucket)) throw noSuchBucket()
  if (method === 'HEAD') return void response.writeHead(200).end()
  if (method === 'GET' && url.searchParams.has('uploads'))
    return sendXml(response, multipart.list(bucket, url.searchParams.get('prefix') ?? ''))
  if (method === 'GET') return sendXml(response, listObjects(store, bucket, url.searchParams))
  if (method !== 'POST' || !url.searchParams.has('delete')) throw notImplemented(`${method} of a bucket`)
  sendXml(response, deleteMany(store, bucket, await textOf(request, signed, headers)))
}

const onObject = async (asked: Asked, signed: Signed, multipart: Multipart) => {
  const { request, response, store, bucket, key, url, headers } = asked
  if (url.searchParams.has('uploads') || url.searchParams.has('uploadId')) return onParts(asked, signed, multipart)
  const reads = request.method === 'GET' || request.method === 'HEAD'
  only(url, reads ? /^response-/ : none)
  if (reads) return readObject(asked)
  if (request.method === 'DELETE') {
    store.remove(bucket, key)
    return void response.writeHead(204).end()
  }
  if (request.method !== 'PUT') throw notImplemented(`${request.method} of an object`)
  if (headers['x-amz-copy-source'] !== undefined) return sendXml(response, copied(await copyObject(asked)))
  const { etag, checksums } = await writeObject(asked, signed)
  response.writeHead(200, { etag, ...checksums }).end()
}

const onParts = async (asked: Asked, signed: Signed, multipart: Multipart) => {
  const { request, response, url } = asked
  only(url, /^(uploads|uploadId|partNumber|max-parts|part-number-marker)$/)
  const operation = `${request.method} ${url.searchParams.has('uploads') ? 'uploads' : 'uploadId'}`
  if (operation === 'POST uploads') return sendXml(response, multipart.begin(asked))
  if (operation === 'PUT uploadId') return void response.writeHead(200, await multipart.put(asked, signed)).end()
  if (operation === 'POST uploadId') return sendXml(response, await multipart.complete(asked, signed))
  if (operation === 'GET uploadId') return sendXml(response, multipart.parts(asked))
  if (operation !== 'DELETE uploadId') throw notImplemented(operation)
  await multipart.abort(asked)
  response.writeHead(204).end()
}

const takeForm = async ({
  request,
  response,
  store,
  bucket,
  keys,
}: Pick<Asked, 'request' | 'response' | 'store' | 'bucket'> & { keys: Keys }) => {
  if (!store.has(bucket)) throw noSuchBucket()
  const { key, fields, received, checksums } = await receiveForm(request, { bucket, keys, store })
  try {
    if (fields['success_action_redirect'] !== undefined) throw notImplemented('success_action_redirect')
    checkKey(key)
    const stored = store.keep({ bucket, key }, received, { headers: keptOf(fields), checksums })
    const location = `http://${request.headers.host}/${bucket}/${encodeURIComponent(key)}`
    const status = [200, 201].find((s) => String(s) === fields['success_action_status']) ?? 204
    response.writeHead(status, { etag: stored.etag, location, ...(status === 201 && xmlType) })
    response.end(status === 201 ? posted({ location, bucket, stored }) : undefined)
  } catch (error) {
    await store.discard(received)
    throw error
  }
}
