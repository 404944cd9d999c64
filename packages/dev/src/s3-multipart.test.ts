import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Bucket, s3World, type S3World } from './testing/s3-world.ts'

let s3: S3World
beforeAll(async () => {
  s3 = await s3World()
})
afterAll(() => s3.stop())

const five = 5 * 1024 * 1024
const begin = async (Key: string) => {
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'video/mp4' }))
  const named = { Bucket, Key, UploadId: UploadId! }
  return {
    named,
    part: async (PartNumber: number, Body: string | Uint8Array) =>
      (await s3.client.send(new UploadPartCommand({ ...named, PartNumber, Body }))).ETag!,
    complete: (parts: [number, string][]) =>
      s3.client.send(
        new CompleteMultipartUploadCommand({
          ...named,
          MultipartUpload: { Parts: parts.map(([PartNumber, ETag]) => ({ PartNumber, ETag })) },
        }),
      ),
  }
}
const named = (name: string) => expect.objectContaining({ name })

test('parts sent in any order, and again, are joined in theirs, with the ETag that S3 gives', async () => {
  const upload = await begin('film.mp4')
  const last = await upload.part(2, 'end')
  await upload.part(1, 'x'.repeat(five))
  const first = await upload.part(1, 'y'.repeat(five))
  const listed = await s3.client.send(new ListPartsCommand(upload.named))
  expect(listed.Parts!.map((p) => [p.PartNumber, p.ETag, p.Size])).toEqual([
    [1, first, five],
    [2, last, 3],
  ])
  const { ETag } = await upload.complete([
    [1, first],
    [2, last],
  ])
  expect(ETag).toMatch(/^"[0-9a-f]{32}-2"$/)
  const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'film.mp4' }))
  expect([head.ContentLength, head.ContentType, head.ETag]).toEqual([five + 3, 'video/mp4', ETag])
  expect(await s3.get('film.mp4', { Range: `bytes=${five - 2}-` })).toBe('yyend')
  expect(await s3.incoming()).toEqual([])
  await expect(upload.complete([[1, first]])).rejects.toEqual(named('NoSuchUpload'))
})

test('parts that are missing, others than were sent, out of order or too small are refused, and the upload goes on', async () => {
  const upload = await begin('wrong')
  const [small, tail] = [await upload.part(1, 'small'), await upload.part(2, 'tail')]
  for (const [parts, name] of [
    [[[3, tail]], 'InvalidPart'],
    [[[1, tail]], 'InvalidPart'],
    [
      [
        [2, tail],
        [1, small],
      ],
      'InvalidPartOrder',
    ],
    [
      [
        [1, small],
        [2, tail],
      ],
      'EntityTooSmall',
    ],
  ] as [[number, string][], string][])
    await expect(upload.complete(parts)).rejects.toEqual(named(name))
  await upload.complete([[2, tail]])
  expect(await s3.get('wrong')).toBe('tail')
})

test('an upload that is given up leaves nothing, and takes no more parts', async () => {
  const upload = await begin('given-up')
  await upload.part(1, 'x')
  const there = await s3.client.send(new ListMultipartUploadsCommand({ Bucket }))
  expect(there.Uploads!.map((u) => u.Key)).toEqual(['given-up'])
  await s3.client.send(new AbortMultipartUploadCommand(upload.named))
  expect(await s3.incoming()).toEqual([])
  await expect(upload.part(2, 'x')).rejects.toEqual(named('NoSuchUpload'))
  expect(await s3.incoming()).toEqual([])
})
