import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startS3 } from './s3.ts'
import { Bucket, code, outcome, type S3World, s3World } from './testing/s3-world.ts'

let s3: S3World
beforeAll(async () => void (s3 = await s3World({ publicPrefixes: ['avatars/'] })))
afterAll(() => s3.stop())

const head = (Key: string, more: object = {}) => s3.client.send(new HeadObjectCommand({ Bucket, Key, ...more }))

test('what is put is got, with type, metadata and an MD5 as ETag, also as a stream', async () => {
  const { ETag } = await s3.put('a/한글 b.txt', 'hello', {
    ContentType: 'text/plain',
    ContentEncoding: 'identity',
    ContentDisposition: 'attachment; filename="b.txt"',
    Metadata: { by: 'alice' },
  })
  expect(ETag).toBe('"5d41402abc4b2a76b9719d911017c592"')
  expect(await s3.get('a/한글 b.txt')).toBe('hello')
  expect(await head('a/한글 b.txt')).toMatchObject({
    ContentType: 'text/plain',
    ContentEncoding: 'identity',
    ContentDisposition: 'attachment; filename="b.txt"',
    ContentLength: 5,
    Metadata: { by: 'alice' },
  })
  const big = Buffer.alloc(3_000_000, 'x')
  await s3.put('stream', Readable.from([big.subarray(0, 1_000_000), big.subarray(1_000_000)]), {
    ContentLength: big.length,
  })
  expect((await s3.get('stream')).length).toBe(big.length)
  await s3.put('empty', '')
  expect(await s3.get('empty')).toBe('')
})

test('objects are there after a restart; what a killed process left half done is not', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'wealist-s3-'))
  const first = await startS3({ dir, buckets: [Bucket] })
  const writer = s3.open({ endpoint: first.url })
  for (const Key of ['kept', 'torn']) await writer.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
  await first.stop()
  const folder = join(dir, 'buckets', Bucket)
  for (const name of (await readdir(folder)).filter((n) => n.endsWith('.json'))) {
    const { key, file } = JSON.parse(await readFile(join(folder, name), 'utf8')) as { key: string; file: string }
    if (key === 'torn') await rm(join(folder, file))
  }
  for (const path of [join(dir, 'incoming', 'half'), join(folder, 'no-entry'), join(dir, 'buckets', '.DS_Store')])
    await writeFile(path, 'x')

  const again = await startS3({ dir })
  const reader = s3.open({ endpoint: again.url })
  const got = await reader.send(new GetObjectCommand({ Bucket, Key: 'kept' }))
  expect(await got.Body!.transformToString()).toBe('kept')
  expect(await code(reader.send(new GetObjectCommand({ Bucket, Key: 'torn' })))).toBe('NoSuchKey')
  expect([await readdir(join(dir, 'incoming')), (await readdir(folder)).length]).toEqual([[], 2])
  await again.stop()
  await rm(dir, { recursive: true, force: true })
})

test('ranges: a part is 206 with its place, one past the end 416, what is no range is looked past', async () => {
  await s3.put('r', '0123456789')
  expect(await s3.client.send(new GetObjectCommand({ Bucket, Key: 'r', Range: 'bytes=2-4' }))).toMatchObject({
    $metadata: { httpStatusCode: 206 },
    ContentRange: 'bytes 2-4/10',
    ContentLength: 3,
  })
  for (const [range, text] of Object.entries({
    '2-4': '234',
    '-3': '789',
    '7-': '789',
    '8-99': '89',
    '4-2': '0123456789',
  }))
    expect(await s3.get('r', { Range: `bytes=${range}` })).toBe(text)
  expect(await code(s3.get('r', { Range: 'bytes=20-' }))).toBe('InvalidRange')
})

test('reads under a condition', async () => {
  const { ETag } = await s3.put('conditional', 'x')
  const status = async (more: object) =>
    s3.client.send(new GetObjectCommand({ Bucket, Key: 'conditional', ...more })).then(
      (r) => r.$metadata.httpStatusCode,
      (e: { $metadata: { httpStatusCode: number } }) => e.$metadata.httpStatusCode,
    )
  expect(await status({ IfMatch: ETag })).toBe(200)
  expect(await status({ IfMatch: '"other"' })).toBe(412)
  expect(await status({ IfNoneMatch: '"other"' })).toBe(200)
  expect(await status({ IfNoneMatch: ETag })).toBe(304)
})

test('of 20 that write one key only if it is not there one wins; If-Match takes only what it names', async () => {
  const writes = Array.from({ length: 20 }, (_, i) => code(s3.put('once', 'x'.repeat(i + 1), { IfNoneMatch: '*' })))
  expect((await Promise.all(writes)).toSorted()).toEqual(['OK', ...Array<string>(19).fill('PreconditionFailed')])
  const { ETag } = await s3.put('matched', 'one')
  expect(await code(s3.put('matched', 'two', { IfMatch: ETag }))).toBe('OK')
  expect(await code(s3.put('matched', 'three', { IfMatch: ETag }))).toBe('PreconditionFailed')
  expect(await code(s3.put('not there', 'x', { IfMatch: ETag }))).toBe('NoSuchKey')
  expect(await s3.get('matched')).toBe('two')
  expect(await s3.incoming()).toEqual([])
})

test('writes of one key never mix, and who reads gets the object that was there, whole', async () => {
  const body = (i: number) => String(i % 10).repeat(50_000 + i)
  await s3.put('race', body(0))
  const reads = Array.from({ length: 30 }, async () => {
    const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'race' }))
    return [Number(got.ContentLength), await got.Body!.transformToString()] as const
  })
  await Promise.all(Array.from({ length: 20 }, (_, i) => s3.put('race', body(i))))
  for (const [length, text] of [
    ...(await Promise.all(reads)),
    [(await head('race')).ContentLength, await s3.get('race')] as const,
  ]) {
    expect(text.length).toBe(length)
    expect(new Set(text).size).toBe(1)
  }
})

test('a checksum that does not match stores nothing; one that does comes back', async () => {
  expect(await code(s3.put('bad', 'hello', { ChecksumSHA256: Buffer.alloc(32).toString('base64') }))).toBe('BadDigest')
  expect(await code(s3.put('bad', 'hello', { ChecksumCRC32: 'AAAAAA==' }))).toBe('BadDigest')
  expect(await code(s3.put('bad', 'hello', { ContentMD5: Buffer.alloc(16).toString('base64') }))).toBe('BadDigest')
  expect(await code(s3.get('bad'))).toBe('NoSuchKey')
  await s3.put('summed', 'hello', { ChecksumAlgorithm: 'SHA256' })
  const sum = 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ='
  expect((await head('summed', { ChecksumMode: 'ENABLED' })).ChecksumSHA256).toBe(sum)
  expect(await s3.get('summed')).toBe('hello')
  expect(await s3.incoming()).toEqual([])
})

test('a download may be given another name and type by its signed URL, as far as headers can say it', async () => {
  await s3.put('named', 'x')
  const url = (more: object) => getSignedUrl(s3.client, new GetObjectCommand({ Bucket, Key: 'named', ...more }))
  const other = await fetch(
    await url({ ResponseContentDisposition: 'attachment; filename="r.txt"', ResponseContentType: 'text/x' }),
  )
  expect(other.headers.get('content-disposition')).toBe('attachment; filename="r.txt"')
  expect(other.headers.get('content-type')).toBe('text/x')
  expect((await fetch(await url({}))).headers.get('content-type')).toBe('application/octet-stream')
  for (const name of ['한글.txt', 'a\r\nSet-Cookie: b'])
    expect((await fetch(await url({ ResponseContentDisposition: name }))).status).toBe(400)
})

test('anybody may read under a public prefix, and only read, and only there, and only as it was stored', async () => {
  await s3.put('avatars/x', 'face', { ContentType: 'image/png' })
  await s3.put('private', 'x')
  const at = (key: string, more: RequestInit = {}) => fetch(`${s3.url}/${Bucket}/${key}`, more).then((r) => r.status)
  expect(await (await fetch(`${s3.url}/${Bucket}/avatars/x`)).text()).toBe('face')
  expect(await at('avatars/x', { method: 'HEAD' })).toBe(200)
  for (const method of ['DELETE', 'PUT', 'POST']) expect(await at('avatars/x', { method })).toBe(403)
  for (const key of [
    'avatars/none',
    'private',
    'avatars/%2e%2e/private',
    'avatars',
    '',
    '?list-type=2&prefix=avatars/',
  ])
    expect(await at(key)).toBe(403)
  expect(await at('avatars/x?response-content-type=text/html')).toBe(400)
})

test('keys that look like paths are only names', async () => {
  for (const key of ['../../etc/passwd', '/absolute', 'a//b', '..%2f..', '.', 'con', 'a\\b', 'x'.repeat(1024)]) {
    await s3.put(key, key)
    expect(await s3.get(key)).toBe(key)
  }
  expect((await readdir(s3.dir)).toSorted()).toEqual(['buckets', 'incoming'])
  expect(await readdir(join(s3.dir, 'buckets'))).toEqual([Bucket])
  expect(await code(s3.put('x'.repeat(1025), 'x'))).toBe('KeyTooLongError')
  expect(await outcome(await fetch(`${s3.url}/${Bucket}/%zz`))).toEqual({ status: 400, code: 'InvalidURI' })
})

test('a bucket is made once, by a name that is one; what is asked of none is NoSuchBucket', async () => {
  const make = (Bucket: string) => code(s3.client.send(new CreateBucketCommand({ Bucket })))
  const exists = (Bucket: string) => code(s3.client.send(new HeadBucketCommand({ Bucket })))
  expect([await exists('second'), await make('second'), await exists('second')]).toEqual(['NotFound', 'OK', 'OK'])
  expect([await make('second'), await make('No_Name')]).toEqual(['BucketAlreadyOwnedByYou', 'InvalidBucketName'])
  expect(await code(s3.put('x', 'x', { Bucket: 'none' }))).toBe('NoSuchBucket')
  expect(await code(s3.get('x', { Bucket: 'none' }))).toBe('NoSuchBucket')
  expect(await code(head('none'))).toBe('NotFound')
})

test('an operation that it does not know is refused, and nothing changes', async () => {
  const Key = 'untouched'
  await s3.put(Key, 'content')
  const unknown = [
    new PutObjectAclCommand({ Bucket, Key, ACL: 'private' }),
    new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [] } }),
    new GetObjectCommand({ Bucket, Key, VersionId: 'x' }),
    new DeleteObjectCommand({ Bucket, Key, VersionId: 'x' }),
    new ListObjectVersionsCommand({ Bucket }),
    new ListObjectsV2Command({ Bucket, EncodingType: 'url' }),
  ]
  for (const command of unknown) expect(await code(s3.client.send(command as never))).toBe('NotImplemented')
  expect(await s3.get(Key)).toBe('content')
})

test('copies: with what it is or anew, under a condition', async () => {
  const { ETag } = await s3.put('from/한 1', 'one', { ContentType: 'text/a', ChecksumAlgorithm: 'SHA256' })
  const copy = (Key: string, more: object = {}) =>
    code(s3.client.send(new CopyObjectCommand({ Bucket, Key, CopySource: encodeURI(`${Bucket}/from/한 1`), ...more })))
  expect(await copy('to/1')).toBe('OK')
  expect(await copy('to/2', { CopySourceIfMatch: ETag, MetadataDirective: 'REPLACE', ContentType: 'text/b' })).toBe(
    'OK',
  )
  expect(await copy('to/3', { CopySourceIfMatch: '"other"' })).toBe('PreconditionFailed')
  expect(await copy('to/3', { CopySource: `${Bucket}/none` })).toBe('NoSuchKey')
  expect(await s3.get('to/2')).toBe('one')
  expect([(await head('to/1')).ContentType, (await head('to/2')).ContentType]).toEqual(['text/a', 'text/b'])
  expect(await code(head('to/3'))).toBe('NotFound')
})

test('deletes one and many, what is not there too', async () => {
  for (const key of ['d/1', 'd/<2> & "한글"', 'd/3']) await s3.put(key, 'x')
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'd/1' }))
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'd/1' }))
  const Objects = [{ Key: 'd/<2> & "한글"' }, { Key: 'd/3' }, { Key: 'd/none' }]
  const { Deleted } = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
  expect(Deleted!.map((d) => d.Key)).toEqual(Objects.map((o) => o.Key))
  expect((await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'd/' }))).KeyCount).toBe(0)
})

test('lists by prefix; pages of any size name each key and each common prefix once, in order', async () => {
  const keys = ['l/a/1', 'l/a/2', 'l/b', 'l/c/1', 'l/c/2', 'l/c/3', 'l/d & <e>']
  for (const key of keys) await s3.put(key, 'x')
  const all = async (more: object) => {
    const seen: string[] = []
    for (let token: string | undefined; ;) {
      const page = await s3.client.send(
        new ListObjectsV2Command({ Bucket, Prefix: 'l/', ContinuationToken: token, ...more }),
      )
      seen.push(...(page.Contents ?? []).map((o) => o.Key!), ...(page.CommonPrefixes ?? []).map((p) => p.Prefix!))
      token = page.NextContinuationToken
      expect(page.IsTruncated).toBe(token !== undefined)
      if (!token) return seen
    }
  }
  for (const MaxKeys of [1, 2, 3, 1000]) {
    expect(await all({ MaxKeys })).toEqual(keys)
    expect((await all({ MaxKeys, Delimiter: '/' })).toSorted()).toEqual(['l/a/', 'l/b', 'l/c/', 'l/d & <e>'])
  }
  expect(await all({ StartAfter: 'l/c/2' })).toEqual(keys.slice(5))
  expect(await all({ MaxKeys: 0 })).toEqual([])
  expect(await code(all({ MaxKeys: -1 }))).toBe('InvalidArgument')
})

test('a page of an allowed origin may ask and read the answer, one of another origin may not', async () => {
  const world = await s3World({ cors: { origins: ['https://app.example'] } })
  await world.put('x', 'x')
  const url = await getSignedUrl(world.client, new GetObjectCommand({ Bucket, Key: 'x' }))
  const ask = (origin: string, method = 'PUT') =>
    fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type,x-amz-meta-a',
      },
    })
  const allowed = await ask('https://app.example')
  expect([allowed.status, allowed.headers.get('access-control-allow-headers')]).toEqual([
    200,
    'content-type,x-amz-meta-a',
  ])
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example')
  expect((await ask('https://evil.example')).status).toBe(403)
  expect((await ask('https://app.example', 'PATCH')).status).toBe(403)
  const originOf = async (origin: string, at = url) =>
    (await fetch(at, { headers: { origin } })).headers.get('access-control-allow-origin')
  expect(await originOf('https://app.example')).toBe('https://app.example')
  expect(await originOf('https://app.example', `${world.url}/${Bucket}/x`)).toBe('https://app.example')
  expect(await originOf('https://evil.example')).toBe(null)
  await world.stop()
})
