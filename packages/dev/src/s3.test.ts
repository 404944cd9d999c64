import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startS3 } from './s3.ts'

const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' }
const Bucket = 'bucket'
let dir: string
let s3: Awaited<ReturnType<typeof startS3>>
let client: S3Client
const open = (more: object = {}) =>
  new S3Client({ endpoint: s3.url, region: 'ap-northeast-2', forcePathStyle: true, credentials, ...more })
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wealist-s3-'))
  s3 = await startS3({ dir, ...credentials, buckets: [Bucket], publicPrefixes: ['avatars/'] })
  client = open()
})
afterAll(async () => {
  client.destroy()
  await s3.stop()
  await rm(dir, { recursive: true, force: true })
})
const put = (Key: string, Body: string | Uint8Array | Readable, more: object = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
const get = async (Key: string, more: object = {}) =>
  (await client.send(new GetObjectCommand({ Bucket, Key, ...more }))).Body!.transformToString()
const code = (work: Promise<unknown>) =>
  work.then(
    () => 'OK',
    (e: { name: string }) => e.name,
  )

test('what is put is got, with type, metadata and an MD5 as ETag, also as a stream and after a restart', async () => {
  const { ETag } = await put('a/한글 b.txt', 'hello', { ContentType: 'text/plain', Metadata: { by: 'alice' } })
  expect(ETag).toBe('"5d41402abc4b2a76b9719d911017c592"')
  expect(await get('a/한글 b.txt')).toBe('hello')
  expect(await client.send(new HeadObjectCommand({ Bucket, Key: 'a/한글 b.txt' }))).toMatchObject({
    ContentType: 'text/plain',
    ContentLength: 5,
    Metadata: { by: 'alice' },
  })
  const big = Buffer.alloc(3_000_000, 'x')
  await put('stream', Readable.from([big.subarray(0, 1_000_000), big.subarray(1_000_000)]), {
    ContentLength: big.length,
  })
  expect((await get('stream')).length).toBe(big.length)
  const again = await startS3({ dir, ...credentials, buckets: [Bucket] })
  const other = open({ endpoint: again.url })
  expect(
    await (await other.send(new GetObjectCommand({ Bucket, Key: 'a/한글 b.txt' }))).Body!.transformToString(),
  ).toBe('hello')
  other.destroy()
  await again.stop()
})

test('ranges, conditions and overridden headers', async () => {
  await put('r', '0123456789')
  expect(await get('r', { Range: 'bytes=2-4' })).toBe('234')
  expect(await get('r', { Range: 'bytes=-3' })).toBe('789')
  expect(await code(get('r', { Range: 'bytes=20-' }))).toBe('InvalidRange')
  expect(await code(put('r', 'x', { IfNoneMatch: '*' }))).toBe('PreconditionFailed')
  const url = await getSignedUrl(
    client,
    new GetObjectCommand({ Bucket, Key: 'r', ResponseContentDisposition: 'attachment; filename="r.txt"' }),
  )
  expect((await fetch(url)).headers.get('content-disposition')).toBe('attachment; filename="r.txt"')
})

test('a wrong secret, a changed URL, an expired one and no signature at all are refused', async () => {
  await put('secret', 'x')
  const wrong = open({ credentials: { ...credentials, secretAccessKey: 'other' } })
  expect(await code(wrong.send(new GetObjectCommand({ Bucket, Key: 'secret' })))).toBe('SignatureDoesNotMatch')
  wrong.destroy()
  const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'secret' }), { expiresIn: 60 })
  expect((await fetch(url)).status).toBe(200)
  expect((await fetch(url.replace('/secret?', '/r?'))).status).toBe(403)
  const old = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'secret' }), {
    expiresIn: 60,
    signingDate: new Date(Date.now() - 120_000),
  })
  expect((await fetch(old)).status).toBe(403)
  expect((await fetch(`${s3.url}/${Bucket}/secret`)).status).toBe(403)
  expect((await fetch(`${s3.url}/${Bucket}/secret`, { method: 'PUT', body: 'y' })).status).toBe(403)
})

test('anybody may read under a public prefix, and only read, and only there', async () => {
  await put('avatars/x', 'face')
  expect(await (await fetch(`${s3.url}/${Bucket}/avatars/x`)).text()).toBe('face')
  expect((await fetch(`${s3.url}/${Bucket}/avatars/x`, { method: 'DELETE' })).status).toBe(403)
  expect((await fetch(`${s3.url}/${Bucket}/avatars/none`)).status).toBe(403)
})

test('a checksum that does not match stores nothing', async () => {
  expect(await code(put('bad', 'hello', { ChecksumSHA256: Buffer.alloc(32).toString('base64') }))).toBe('BadDigest')
  expect(await code(get('bad'))).toBe('NoSuchKey')
})

const form = async (fields: Record<string, string>, url: string, file: Blob) => {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.append(name, value)
  data.append('file', file, 'x.png')
  const response = await fetch(url, { method: 'POST', body: data })
  return { status: response.status, code: /<Code>(\w+)/.exec(await response.text())?.[1] }
}
const policy = (more: object = {}) =>
  createPresignedPost(client, {
    Bucket,
    Key: 'uploads/1',
    Conditions: [
      ['content-length-range', 1, 1000],
      ['eq', '$Content-Type', 'image/png'],
    ],
    Fields: { 'Content-Type': 'image/png' },
    Expires: 60,
    ...more,
  })

test('a form stores what its policy allows', async () => {
  const { url, fields } = await policy()
  expect((await form(fields, url, new Blob(['png']))).status).toBe(204)
  expect(await get('uploads/1')).toBe('png')
  expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'uploads/1' }))).ContentType).toBe('image/png')
})

test('a form that is too long or too short, of another type or key, changed or late stores nothing', async () => {
  const { url, fields } = await policy({ Key: 'uploads/2' })
  expect((await form(fields, url, new Blob(['x'.repeat(1001)]))).code).toBe('EntityTooLarge')
  expect((await form(fields, url, new Blob([]))).code).toBe('EntityTooSmall')
  expect((await form({ ...fields, 'Content-Type': 'text/html' }, url, new Blob(['x']))).code).toBe('AccessDenied')
  expect((await form({ ...fields, key: 'uploads/3' }, url, new Blob(['x']))).code).toBe('AccessDenied')
  expect((await form({ ...fields, acl: 'public-read' }, url, new Blob(['x']))).code).toBe('AccessDenied')
  const loose = Buffer.from(Buffer.from(fields['Policy']!, 'base64').toString().replace('1000', '9999')).toString(
    'base64',
  )
  expect((await form({ ...fields, Policy: loose }, url, new Blob(['x']))).code).toBe('SignatureDoesNotMatch')
  const late = await policy({ Key: 'uploads/2', Expires: -1 })
  expect((await form(late.fields, late.url, new Blob(['x']))).code).toBe('AccessDenied')
  expect(await code(get('uploads/2'))).toBe('NoSuchKey')
})

test('keys that look like paths are only names', async () => {
  for (const key of ['../../etc/passwd', '/absolute', 'a//b', '..%2f..', 'x'.repeat(1000)]) {
    await put(key, key)
    expect(await get(key)).toBe(key)
  }
  expect((await readdir(dir)).toSorted()).toEqual(['buckets', 'incoming'])
  expect(await readdir(join(dir, 'incoming'))).toEqual([])
})

test('copies under a condition, deletes one and many, lists in pages', async () => {
  const { ETag } = await put('list/1', 'one')
  await client.send(
    new CopyObjectCommand({
      Bucket,
      Key: 'list/2',
      CopySource: `${Bucket}/list/1`,
      CopySourceIfMatch: ETag,
      MetadataDirective: 'REPLACE',
      ContentType: 'text/x',
    }),
  )
  expect(await get('list/2')).toBe('one')
  expect(
    await code(
      client.send(
        new CopyObjectCommand({ Bucket, Key: 'list/3', CopySource: `${Bucket}/list/1`, CopySourceIfMatch: '"other"' }),
      ),
    ),
  ).toBe('PreconditionFailed')
  await put('list/3/deep', 'x')
  const first = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/', MaxKeys: 1 }))
  expect(first.Contents!.map((o) => o.Key)).toEqual(['list/1'])
  const rest = await client.send(
    new ListObjectsV2Command({
      Bucket,
      Prefix: 'list/',
      Delimiter: '/',
      ContinuationToken: first.NextContinuationToken,
    }),
  )
  expect([rest.Contents!.map((o) => o.Key), rest.CommonPrefixes!.map((p) => p.Prefix)]).toEqual([
    ['list/2'],
    ['list/3/'],
  ])
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'list/1' }))
  await client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'list/2' }, { Key: 'list/3/deep' }] } }),
  )
  expect((await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/' }))).KeyCount).toBe(0)
})
