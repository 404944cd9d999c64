import { createHmac } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { signingKey } from './s3-signature.ts'
import { Bucket, code, outcome, type S3World, s3World } from './testing/s3-world.ts'

let s3: S3World
beforeAll(async () => void (s3 = await s3World()))
afterAll(() => s3.stop())
afterEach(async () => {
  if ((await s3.incoming()).length > 0) throw new Error('an upload left its file behind')
})

type Entries = readonly (readonly [string, string | Blob])[]
const post = async (entries: Entries, bucket = Bucket) => {
  const data = new FormData()
  for (const [name, value] of entries)
    if (typeof value === 'string') data.append(name, value)
    else data.append(name, value, 'x 한.png')
  return outcome(await fetch(`${s3.url}/${bucket}`, { method: 'POST', body: data }))
}
const form = (fields: Record<string, string>, file: Blob | string) =>
  post([...Object.entries(fields), ['file', typeof file === 'string' ? new Blob([file]) : file]])
const policy = (Key: string, more: object = {}) =>
  createPresignedPost(s3.client, {
    Bucket,
    Key,
    Conditions: [
      ['content-length-range', 1, 1000],
      ['eq', '$Content-Type', 'image/png'],
    ],
    Fields: { 'Content-Type': 'image/png' },
    Expires: 60,
    ...more,
  })
// A policy as its owner may write it, signed.
const signed = (fields: Record<string, string>, change: (policy: { conditions: unknown[] }) => unknown) => {
  const document = JSON.parse(Buffer.from(fields['Policy']!, 'base64').toString()) as { conditions: unknown[] }
  const Policy = Buffer.from(JSON.stringify(change(document))).toString('base64')
  const scope = fields['X-Amz-Credential']!.split('/').slice(1).join('/')
  const key = signingKey(s3.credentials.secretAccessKey, scope)
  return { ...fields, Policy, 'X-Amz-Signature': createHmac('sha256', key).update(Policy).digest('hex') }
}
const type = async (Key: string) => (await s3.client.send(new HeadObjectCommand({ Bucket, Key }))).ContentType

test('a form stores what its policy allows', async () => {
  const { url, fields } = await policy('up/1')
  expect(url).toBe(`${s3.url}/${Bucket}`)
  expect(await form(fields, 'png')).toEqual({ status: 204, code: undefined })
  expect([await s3.get('up/1'), await type('up/1')]).toEqual(['png', 'image/png'])
  for (const size of [1, 1000]) expect((await form(fields, 'x'.repeat(size))).status).toBe(204)
})

test('a file too long or too short for its policy stores nothing', async () => {
  const { fields } = await policy('up/length')
  expect(await form(fields, 'x'.repeat(1001))).toEqual({ status: 400, code: 'EntityTooLarge' })
  expect(await form(fields, '')).toEqual({ status: 400, code: 'EntityTooSmall' })
  expect(await form(fields, new Blob([Buffer.alloc(20_000_000)]))).toEqual({ status: 400, code: 'EntityTooLarge' })
  expect(await code(s3.get('up/length'))).toBe('NoSuchKey')
})

test('another type, key, bucket or field than the policy names stores nothing', async () => {
  const { fields } = await policy('up/other')
  const changes: Record<string, string>[] = [
    { 'Content-Type': 'text/html' },
    { key: 'up/another' },
    { acl: 'public-read' },
    { 'x-amz-meta-a': 'b' },
    { bucket: 'elsewhere', key: 'up/another' },
  ]
  for (const change of changes)
    expect(await form({ ...fields, ...change }, 'x')).toEqual({ status: 403, code: 'AccessDenied' })
  const { 'Content-Type': _, ...untyped } = fields
  expect((await form(untyped, 'x')).code).toBe('AccessDenied')
  const { key: __, ...keyless } = fields
  expect((await form(keyless, 'x')).code).toBe('InvalidArgument')
  expect(await code(s3.get('up/another'))).toBe('NoSuchKey')
})

test('what comes after the file changes nothing: the policy was held against what came before', async () => {
  const { fields } = await policy('up/before')
  const after: Entries = [
    ['file', new Blob(['x'])],
    ['key', 'up/after'],
    ['Content-Type', 'text/html'],
    ['file', new Blob(['second'])],
  ]
  expect((await post([...Object.entries(fields), ...after])).status).toBe(204)
  expect([await s3.get('up/before'), await type('up/before')]).toEqual(['x', 'image/png'])
  expect(await code(s3.get('up/after'))).toBe('NoSuchKey')
  expect((await post([['file', new Blob(['x'])], ...Object.entries(fields)])).status).not.toBe(204)
})

test('a policy that was changed, is late, or is signed by another is refused', async () => {
  const { fields } = await policy('up/changed')
  const loose = Buffer.from(fields['Policy']!, 'base64').toString().replace('1000', '9999')
  const changed = { ...fields, Policy: Buffer.from(loose).toString('base64') }
  expect((await form(changed, 'x')).code).toBe('SignatureDoesNotMatch')
  expect((await form({ ...fields, 'X-Amz-Signature': '가'.repeat(64) }, 'x')).code).toBe('SignatureDoesNotMatch')
  expect((await form((await policy('up/changed', { Expires: -1 })).fields, 'x')).code).toBe('AccessDenied')
  const credentials = { ...s3.credentials, secretAccessKey: 'other' }
  const other = await createPresignedPost(s3.open({ credentials }), { Bucket, Key: 'up/changed' })
  expect((await form(other.fields, 'x')).code).toBe('SignatureDoesNotMatch')
  const unknown = fields['X-Amz-Credential']!.replace(/^[^/]+/, 'nobody')
  expect((await form({ ...fields, 'X-Amz-Credential': unknown }, 'x')).code).toBe('InvalidAccessKeyId')
  const { Policy: _, ...bare } = fields
  expect((await form(bare, 'x')).code).toBe('AccessDenied')
  expect(await code(s3.get('up/changed'))).toBe('NoSuchKey')
})

test('a policy must name the bucket, in conditions that S3 knows', async () => {
  const { fields } = await policy('up/policy')
  expect(
    (
      await form(
        signed(fields, (p) => p),
        'x',
      )
    ).status,
  ).toBe(204)
  const { bucket: _, ...rest } = fields
  const unnamed = signed(rest, (p) => ({
    ...p,
    conditions: p.conditions.filter((c) => !Object.hasOwn(c as object, 'bucket')),
  }))
  expect((await form(unnamed, 'x')).code).toBe('AccessDenied')
  for (const conditions of ['x', [['ends-with', '$key', 'x']], [['eq', 'key', 'x']]])
    expect(
      (
        await form(
          signed(fields, (p) => ({ ...p, conditions })),
          'x',
        )
      ).code,
    ).toBe('InvalidPolicyDocument')
})

test('starts-with leaves the rest to the form, and ${filename} is the name of the file', async () => {
  const { fields } = await policy('up/named/${filename}', {
    Conditions: [
      ['starts-with', '$Content-Type', 'image/'],
      ['content-length-range', 1, 10],
    ],
    Fields: {},
  })
  expect((await form({ ...fields, 'Content-Type': 'image/webp' }, 'x')).status).toBe(204)
  expect(await type('up/named/x 한.png')).toBe('image/webp')
  expect((await form({ ...fields, key: 'up/named/other', 'Content-Type': 'image/a' }, 'x')).status).toBe(204)
  expect((await form({ ...fields, 'Content-Type': 'text/html' }, 'x')).code).toBe('AccessDenied')
  expect((await form({ ...fields, key: 'up/elsewhere', 'Content-Type': 'image/a' }, 'x')).code).toBe('AccessDenied')
})

test('a checksum in the form must be that of the file', async () => {
  const sum = 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ='
  const { fields } = await policy('up/summed', {
    Fields: { 'Content-Type': 'image/png', 'x-amz-checksum-sha256': sum },
  })
  expect((await form(fields, 'hellO')).code).toBe('BadDigest')
  expect(await code(s3.get('up/summed'))).toBe('NoSuchKey')
  expect((await form(fields, 'hello')).status).toBe(204)
  const held = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'up/summed', ChecksumMode: 'ENABLED' }))
  expect(held.ChecksumSHA256).toBe(sum)
})

test('the form says which status it wants; a field that is no header is refused', async () => {
  const asking = async (success_action_status: string) =>
    policy('up/status', { Fields: { 'Content-Type': 'image/png', success_action_status } })
  for (const [asked, status] of [
    ['200', 200],
    ['201', 201],
    ['204', 204],
    ['500', 204],
  ] as const)
    expect((await form((await asking(asked)).fields, 'x')).status).toBe(status)
  const named = await policy('up/한', {
    Fields: { 'Content-Type': 'image/png', 'Content-Disposition': 'attachment; filename="한글"' },
  })
  expect((await form(named.fields, 'x')).code).toBe('InvalidArgument')
  expect(await code(s3.get('up/한'))).toBe('NoSuchKey')
})

const boundary = 'BOUNDARY'
const part = (name: string, value: string, more = '') =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}`
const begun = (fields: Record<string, string>, file: string) =>
  [...Object.entries(fields).map(([n, v]) => part(n, v)), part('file', file, '; filename="x"')].join('\r\n')
const sent = async (body: string, contentType = `multipart/form-data; boundary=${boundary}`) =>
  outcome(await fetch(`${s3.url}/${Bucket}`, { method: 'POST', body, headers: { 'content-type': contentType } }))

test('a form that is broken anywhere is 400, and stores nothing', async () => {
  const { fields } = await policy('up/broken')
  const wrong = { status: 400, code: 'MalformedPOSTRequest' }
  expect(await sent(begun(fields, 'abc'))).toEqual(wrong)
  expect(await sent(part('key', 'x'))).toEqual(wrong)
  expect(await sent('')).toEqual(wrong)
  expect(await sent('x', 'multipart/form-data')).toEqual(wrong)
  expect((await sent(`${part('key', 'up/broken')}\r\n--${boundary}--\r\n`)).code).toBe('InvalidArgument')
  expect((await post([...Object.entries(fields), ['other', new Blob(['x'])]])).code).toBe('InvalidArgument')
  expect((await post(Object.entries(fields), 'none')).code).toBe('NoSuchBucket')
  expect(await code(s3.get('up/broken'))).toBe('NoSuchKey')
})

test('a file goes to disk as it comes; one whose sender goes away leaves nothing', async () => {
  const { fields } = await policy('up/aborted', { Conditions: [['content-length-range', 1, 50_000_000]] })
  const socket = connect(s3.port, 'localhost')
  socket.write(
    `POST /${Bucket} HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=${boundary}\r\ncontent-length: 50000000\r\n\r\n`,
  )
  socket.write(begun(fields, 'x'.repeat(4_000_000)))
  const onDisk = async () => {
    const [name] = await s3.incoming()
    return name === undefined ? 0 : (await stat(join(s3.dir, 'incoming', name))).size
  }
  await vi.waitFor(async () => expect(await onDisk()).toBeGreaterThan(3_000_000), { timeout: 10_000 })
  socket.destroy()
  await vi.waitFor(async () => expect(await s3.incoming()).toEqual([]), { timeout: 10_000 })
  expect(await code(s3.get('up/aborted'))).toBe('NoSuchKey')
})
