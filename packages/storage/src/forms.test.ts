import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { asProcesses } from '@wealist/dev/testing/lambda-sockets'
import { type StorageService, storageService } from '@wealist/dev/testing/storage-service'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openForms } from './forms.ts'

let service: StorageService
beforeAll(async () => void (service = await storageService()))
afterAll(() => service.stop())

const part = (name: string) => `--B\r\nContent-Disposition: form-data; name="${name}"`
const beginning = (name: string, { workspaceId }: StorageService = service) =>
  `${part('workspaceId')}\r\n\r\n${workspaceId}\r\n${part('file')}; filename="${name}"\r\n\r\ntea`
const end = ' at six\r\n--B--\r\n'

interface Sent {
  request: ClientRequest
  answer: Promise<{ status: number; code: string | undefined; headers: IncomingMessage['headers'] }>
}
/** Sends the beginning of a form; what comes next is said on its request. */
const send = (body: string, bytes?: number, to: StorageService = service): Sent => {
  const length = bytes === undefined ? {} : { 'content-length': bytes }
  const headers = { ...to.headersOf(to.people.alice), 'content-type': 'multipart/form-data; boundary=B', ...length }
  const asked = request(`${to.url}/api/storage/files`, { method: 'POST', headers, agent: false })
  const answer = new Promise<IncomingMessage>((resolve, reject) => asked.on('response', resolve).on('error', reject))
  asked.write(body)
  return {
    request: asked,
    answer: answer.then(async (response) => {
      const { error } = JSON.parse(await text(response)) as { error?: { code: string } }
      return { status: response.statusCode!, code: error?.code, headers: response.headers }
    }),
  }
}
const underWay = async () => (await service.rows('select from uploads where file_id is null')).length
const names = async () => (await service.rows<{ name: string }>('select name from files')).map((f) => f.name)
const unheard: unknown[] = []
const hear = (error: unknown) => void unheard.push(error)
beforeAll(() => void process.on('uncaughtExceptionMonitor', hear))
afterAll(() => void process.off('uncaughtExceptionMonitor', hear))
/** What is left of uploads that came to nothing, and what nobody heard of them. */
const left = async () => {
  const [sum] = await service.rows<{ reserved: string }>('select coalesce(sum(reserved), 0) as reserved from drives')
  return [...unheard, await underWay(), Number(sum!.reserved)]
}

test('so many uploads have their turn at once, in order; who finds the line full is told 503 with Retry-After', async () => {
  const forms = openForms()
  const begun: number[] = []
  const { promise: go, resolve } = Promise.withResolvers<void>()
  const all = Array.from({ length: 100 }, (_, n) => forms.inTurn(() => go.then(() => void begun.push(n))))
  const refused = await Promise.allSettled(all.slice(80))
  for (const one of refused)
    expect(one).toMatchObject({ reason: { code: 'UNAVAILABLE', headers: { 'retry-after': '2' } } })
  expect(begun).toEqual([])
  resolve()
  await forms.settled()
  expect(begun).toEqual(Array.from({ length: 80 }, (_, n) => n))
})

test('the documents say what the form takes: its fields, and a file of 1 byte to 50 MB', async () => {
  const document: any = await (await fetch(`${service.url}/openapi.json`)).json()
  const { requestBody } = document.paths['/api/storage/files'].post
  expect(requestBody.required).toBe(true)
  expect(Object.keys(requestBody.content)).toEqual(['multipart/form-data'])
  expect(requestBody.content['multipart/form-data'].schema).toMatchObject({
    type: 'object',
    properties: {
      workspaceId: { format: 'uuid' },
      folderId: { format: 'uuid' },
      file: { type: 'string', format: 'binary', minLength: 1, maxLength: 50 * 1024 * 1024 },
    },
    required: ['workspaceId', 'file'],
    additionalProperties: false,
  })
  expect(await (await fetch(`${service.url}/docs`)).text()).toContain('multipart/form-data')
})

// Requests of a function are small: there this route says where files go.
describe.skipIf(asProcesses)('through the service', () => {
  test.each([
    ['ends early', ''],
    ['has a broken header after its file', '\r\n--B\r\n\u0001no header\r\n\r\nx\r\n--B--\r\n'],
    ['has one and goes on', `\r\n--B\r\n\u0001no header\r\n\r\n${'x'.repeat(3_000_000)}\r\n--B--\r\n`],
  ])('a form that %s is answered with 400, keeps nothing, and ends no process', async (_, rest) => {
    const body = beginning('broken.txt') + rest
    const { request, answer } = send(body, Buffer.byteLength(body))
    request.end()
    expect(await answer).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' })
    expect(await names()).not.toContain('broken.txt')
    await expect.poll(left).toEqual([0, 0])
  })

  test('who goes away in the middle of a file leaves nothing, whenever that is', async () => {
    for (const after of [0, 1, 5, 20, 100]) {
      const { request, answer } = send(beginning('gone.txt'), 1_000_000)
      await new Promise((resolve) => setTimeout(resolve, after))
      request.destroy()
      await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' })
    }
    await expect.poll(left).toEqual([0, 0])
    expect(await names()).not.toContain('gone.txt')
  })

  test('who sends nothing more is let go with 400, and their room is free', async () => {
    const { forms } = service.running.deps
    const { silence } = forms
    forms.silence = 300
    try {
      const { request, answer } = send(beginning('stalled.txt'), 1_000_000)
      const closed = new Promise((resolve) => request.on('close', resolve))
      await expect.poll(underWay).toBe(1)
      expect(await answer).toMatchObject({ status: 400, code: 'VALIDATION_ERROR' })
      await closed
      await expect.poll(left).toEqual([0, 0])
    } finally {
      forms.silence = silence
    }
  })

  test('of forty uploads at once sixteen hold memory and room, the others wait and are kept after them', async () => {
    const sent = Array.from({ length: 40 }, (_, n) => send(beginning(`storm ${n}.txt`)))
    await expect.poll(underWay).toBe(16)
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(await underWay()).toBe(16)
    for (const { request } of sent) request.end(end)
    for (const { answer } of sent) expect(await answer).toMatchObject({ status: 201 })
    expect((await names()).filter((n) => n.startsWith('storm'))).toHaveLength(40)
    expect(await left()).toEqual([0, 0])
  })

  test('those who stall do not keep the service from stopping, and their room is free by then', async () => {
    const own = await storageService()
    const room = async () => {
      const client = new Client({ connectionString: own.running.base.config.DATABASE_URL })
      await client.connect()
      const { rows } = await client.query('select reserved, (select count(*) from uploads) as uploads from drives')
      await client.end()
      return rows
    }
    // Some are on their way to S3, which is to forget them.
    const size = 6_000_000
    const answers = Array.from({ length: 16 }, (_, n) =>
      send(beginning(`stalled ${n}.txt`, own) + 'x'.repeat(n % 2 ? 5_500_000 : 9), size, own).answer.catch(
        (e: Error) => e,
      ),
    )
    await expect.poll(room).toEqual([{ reserved: String(16 * size), uploads: '16' }])
    const start = Date.now()
    await own.running.stop()
    expect(Date.now() - start).toBeLessThan(10_000)
    for (const answer of answers) expect(await answer).toBeInstanceOf(Error)
    expect(await room()).toEqual([{ reserved: '0', uploads: '0' }])
    await own.workspaces.stop()
    await own.s3.stop()
  })
})
