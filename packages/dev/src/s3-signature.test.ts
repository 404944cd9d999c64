import { createHash, createHmac } from 'node:crypto'
import { DeleteObjectsCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chunkSignature, signingKey } from './s3-signature.ts'
import { Bucket, code, outcome, type S3World, s3World } from './testing/s3-world.ts'

let s3: S3World
let plain: S3Client
beforeAll(async () => {
  s3 = await s3World()
  // Without a checksum of the empty body, which the SDK would otherwise sign into the URL of a PUT.
  plain = s3.open({ requestChecksumCalculation: 'WHEN_REQUIRED' })
})
afterAll(() => s3.stop())

const getUrl = (Key: string, more: Parameters<typeof getSignedUrl>[2] = {}) =>
  getSignedUrl(s3.client, new GetObjectCommand({ Bucket, Key }), more)
const putUrl = (Key: string, client = plain) => getSignedUrl(client, new PutObjectCommand({ Bucket, Key }))
const at = async (url: string, init: RequestInit = {}) => outcome(await fetch(url, init))

test('a wrong secret, an unknown key and a clock that is wrong are refused, and so is no signature', async () => {
  await s3.put('secret', 'x')
  const asked = (more: object) => code(s3.open(more).send(new GetObjectCommand({ Bucket, Key: 'secret' })))
  const { accessKeyId, secretAccessKey } = s3.credentials
  expect(await asked({ credentials: { accessKeyId, secretAccessKey: 'other' } })).toBe('SignatureDoesNotMatch')
  expect(await asked({ credentials: { accessKeyId: 'other', secretAccessKey } })).toBe('InvalidAccessKeyId')
  for (const minutes of [-20, 20])
    expect(await asked({ systemClockOffset: minutes * 60_000 })).toBe('RequestTimeTooSkewed')
  for (const minutes of [-10, 10]) expect(await asked({ systemClockOffset: minutes * 60_000 })).toBe('OK')
  expect(await at(`${s3.url}/${Bucket}/secret`)).toEqual({ status: 403, code: 'AccessDenied' })
  expect((await at(`${s3.url}/${Bucket}/secret`, { method: 'PUT', body: 'y' })).status).toBe(403)
  expect(await s3.get('secret')).toBe('x')
})

test('a URL is good for what was signed, until it expires', async () => {
  await s3.put('url', 'x')
  await s3.put('url2', 'y')
  const url = await getUrl('url', { expiresIn: 60 })
  expect((await fetch(url)).status).toBe(200)
  const other = [
    url.replace('/url?', '/url2?'),
    url.replace('Expires=60', 'Expires=600'),
    `${url}&response-content-type=a`,
  ]
  for (const changed of other) expect((await at(changed)).code).toBe('SignatureDoesNotMatch')
  expect((await at(url, { method: 'DELETE' })).code).toBe('SignatureDoesNotMatch')
  const before = (seconds: number) => new Date(Date.now() - seconds * 1000)
  expect((await at(await getUrl('url', { expiresIn: 60, signingDate: before(30) }))).status).toBe(200)
  const late = await getUrl('url', { expiresIn: 60, signingDate: before(120) })
  expect(await at(late)).toEqual({ status: 403, code: 'AccessDenied' })
  const early = await getUrl('url', { expiresIn: 60, signingDate: before(-3600) })
  expect((await at(early)).code).toBe('RequestTimeTooSkewed')
})

test('a signature for another service is none', async () => {
  const url = new URL(await getUrl('url'))
  url.searchParams.set('X-Amz-Credential', url.searchParams.get('X-Amz-Credential')!.replace('/s3/', '/sqs/'))
  expect((await at(url.href)).code).toBe('AuthorizationHeaderMalformed')
})

test('a signed URL to write takes a body, and no x-amz header that was not signed with it', async () => {
  expect((await at(await putUrl('mine'), { method: 'PUT', body: 'hello' })).status).toBe(200)
  expect(await s3.get('mine')).toBe('hello')
  await s3.put('theirs', 'top secret')
  const copy = { 'x-amz-copy-source': `/${Bucket}/theirs` }
  expect((await at(await putUrl('mine'), { method: 'PUT', headers: copy })).code).toBe('AccessDenied')
  expect(await s3.get('mine')).toBe('hello')
})

test('a checksum signed into a URL holds, as with S3: that of an empty body refuses any other', async () => {
  const url = await putUrl('hoisted', s3.client)
  expect((await at(url, { method: 'PUT', body: 'hello' })).code).toBe('BadDigest')
  expect(await code(s3.get('hoisted'))).toBe('NoSuchKey')
})

// Changes what the real client sends, after it has signed.
const meddling = (change: (body: string) => string) => {
  const client = s3.open()
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body: string; headers: Record<string, string> }
      request.body = change(request.body)
      request.headers['content-length'] = String(Buffer.byteLength(request.body))
      return next(args)
    },
    { step: 'deserialize', priority: 'low', name: 'meddle' },
  )
  return client
}

test('a body that was changed on its way does nothing', async () => {
  await s3.put('victim', 'x')
  const wrong = (Key: string) => new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } })
  const client = meddling((body) => body.replace('decoyy', 'victim'))
  expect(await code(client.send(wrong('decoyy')))).toBe('XAmzContentSHA256Mismatch')
  expect(await s3.get('victim')).toBe('x')
  const put = new PutObjectCommand({ Bucket, Key: 'changed', Body: 'one' })
  expect(await code(meddling(() => 'two').send(put))).toBe('XAmzContentSHA256Mismatch')
  expect(await code(s3.get('changed'))).toBe('NoSuchKey')
})

test('chunks are signed as in the example of AWS’ documentation', () => {
  const scope = '20130524/us-east-1/s3/aws4_request'
  const key = signingKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', scope)
  const seed = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9'
  const signatures = [65_536, 1024, 0].reduce<string[]>((before, size) => {
    const hash = createHash('sha256').update('a'.repeat(size)).digest('hex')
    const signed = { key, scope, date: '20130524T000000Z', signature: seed }
    return [...before, chunkSignature(signed, before.at(-1) ?? seed, hash)]
  }, [])
  expect(signatures).toEqual([
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ])
})

// The real client signs the head of the request; the chunks are made here, as the documentation has it.
const streamed = (Key: string, kind: string, { text, meddle = (s: string) => s, headers = {} }: Streamed) => {
  const client = s3.open({ requestChecksumCalculation: 'WHEN_REQUIRED' })
  const bodyFor = (head: Record<string, string>) => meddle(chunked(kind, text, head))
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { headers: Record<string, string> }
      Object.assign(request.headers, headers, {
        'x-amz-content-sha256': kind,
        'x-amz-decoded-content-length': `${text.length}`,
        'content-encoding': 'aws-chunked',
      })
      // The length is signed with the head, and the same whatever the signatures are.
      const authorization = `Credential=id/20260101/region/s3/aws4_request, Signature=${'0'.repeat(64)}`
      request.headers['content-length'] = `${bodyFor({ ...request.headers, authorization }).length}`
      return next(args)
    },
    { step: 'build', priority: 'low', name: 'announce' },
  )
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body: string; headers: Record<string, string> }
      request.body = bodyFor(request.headers)
      return next(args)
    },
    { step: 'deserialize', priority: 'low', name: 'chunk' },
  )
  return code(client.send(new PutObjectCommand({ Bucket, Key, Body: text })))
}
interface Streamed {
  text: string
  meddle?: (body: string) => string
  headers?: Record<string, string>
}
const sha256 = (s: string) => createHash('sha256').update(s).digest('hex')
const chunked = (kind: string, text: string, headers: Record<string, string>) => {
  const [, scope, seed] = /Credential=[^/]+\/([^,]+),.*Signature=(\w+)/.exec(headers['authorization']!)!
  let before = seed!
  const pieces = [...(text.match(/.{1,10000}/gs) ?? []), ''].map((piece) => {
    if (!kind.startsWith('STREAMING-AWS4')) return `${piece.length.toString(16)}\r\n${piece}`
    const toSign = ['AWS4-HMAC-SHA256-PAYLOAD', headers['x-amz-date'], scope, before, sha256(''), sha256(piece)]
    before = createHmac('sha256', signingKey(s3.credentials.secretAccessKey, scope!))
      .update(toSign.join('\n'))
      .digest('hex')
    return `${piece.length.toString(16)};chunk-signature=${before}\r\n${piece}`
  })
  const trailer = headers['x-amz-trailer'] ? 'x-amz-checksum-crc32:NhCmhg==\r\n' : ''
  return `${pieces.slice(0, -1).join('\r\n')}\r\n${pieces.at(-1)}${trailer}\r\n`
}

test('a stream of signed chunks is stored without its chunks; one changed, missing or cut is refused', async () => {
  const kind = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
  const text = 'abcdefghij'.repeat(2500)
  expect(await streamed('chunks', kind, { text })).toBe('OK')
  const { Body, ContentEncoding } = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'chunks' }))
  expect([await Body!.transformToString(), ContentEncoding]).toEqual([text, undefined])
  const broken = {
    SignatureDoesNotMatch: [
      (s: string) => s.replace('abc', 'abd'),
      (s: string) => s.replace(/2710;.*?\r\n.*?\r\n/s, ''),
      (s: string) => s.replaceAll(/;chunk-signature=\w+/g, ''),
    ],
    IncompleteBody: [(s: string) => s.slice(0, 12_000), (s: string) => s.replace(/^2710/, 'zz')],
  }
  for (const [name, ways] of Object.entries(broken))
    for (const meddle of ways) expect(await streamed('broken', kind, { text, meddle })).toBe(name)
  expect(await code(s3.get('broken'))).toBe('NoSuchKey')
  expect(await s3.incoming()).toEqual([])
})

test('a stream of plain chunks is held against the checksum in its trailer, which must come', async () => {
  const kind = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
  const given = { text: 'hello', headers: { 'x-amz-trailer': 'x-amz-checksum-crc32' } }
  const gone = (s: string) => s.replace(/x-amz-checksum.*\r\n\r\n/, '\r\n')
  expect(await streamed('trailer', kind, given)).toBe('OK')
  expect(await s3.get('trailer')).toBe('hello')
  expect(await streamed('bad', kind, { ...given, meddle: (s) => s.replace('hello', 'hellO') })).toBe('BadDigest')
  expect(await streamed('bad', kind, { ...given, meddle: gone })).toBe('MalformedTrailerError')
  expect(await streamed('bad', `${kind}-OTHER`, given)).toBe('NotImplemented')
  expect(await code(s3.get('bad'))).toBe('NoSuchKey')
})
