import { formBytes } from '@wealist/contract/files'
import { outcome } from '@wealist/dev/testing/s3-world'
import { type StorageService, storageService } from '@wealist/dev/testing/storage-service'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: StorageService
beforeAll(async () => void (service = await storageService()))
afterAll(() => service.stop())

test('the address of a part takes exactly its bytes, no more and no less', async () => {
  const size = formBytes + 1
  const upload = await service.begin(service.people.alice, 'film.mp4', size, { mimeType: 'video/mp4' })
  if (upload.mode !== 'multipart') throw new Error('a form took it')
  const { partSize, parts } = upload
  const left = size - (parts.length - 1) * partSize
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThan(partSize)
  const file = new Blob([new Uint8Array(partSize + 1)])
  const put = async (to: { url: string }, bytes: number) =>
    outcome(await fetch(to.url, { method: 'PUT', body: file.slice(0, bytes) }))
  const [first, last] = [parts[0]!, parts.at(-1)!]
  for (const [to, bytes] of [
    [first, partSize + 1],
    [first, left],
    [last, left - 1],
    [last, left + 1],
    [last, partSize],
  ] as const)
    expect(await put(to, bytes), String(bytes)).toEqual({ status: 403, code: 'SignatureDoesNotMatch' })
  const unsaid = { method: 'PUT', body: file.slice(0, left).stream(), duplex: 'half' }
  expect([403, 411]).toContain((await fetch(last.url, unsaid as RequestInit)).status)
  expect((await put(first, partSize)).status).toBe(200)
  expect((await put(last, left)).status).toBe(200)
  for (const { url } of parts)
    expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')!.split(';')).toContain('content-length')
})
