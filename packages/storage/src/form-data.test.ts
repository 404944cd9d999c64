import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FormLimits, readForm } from './form-data.ts'

const unheard: unknown[] = []
const hear = (error: unknown) => void unheard.push(error)
beforeAll(() => void process.on('uncaughtExceptionMonitor', hear))
afterAll(() => void process.off('uncaughtExceptionMonitor', hear))

const part = (name: string) => `--B\r\nContent-Disposition: form-data; name="${name}"`
const file = `${part('file')}; filename="tea.txt"\r\nContent-Type: text/plain\r\n\r\n`
const beginning = `${part('workspaceId')}\r\n\r\nw\r\n${file}`
const end = '\r\n--B--\r\n'

/** A body of these pieces; then it ends, or does what it is told. */
const bodyOf = (pieces: Iterable<string>, then = (c: ReadableStreamDefaultController) => c.close()) => {
  const bytes = pieces[Symbol.iterator]()
  return new ReadableStream({
    pull: (c) => {
      const { done, value } = bytes.next()
      if (done) then(c)
      else c.enqueue(Buffer.from(value))
    },
  })
}
const read = (body: ReadableStream, limits: Partial<FormLimits> = {}) => {
  const headers = { 'content-type': 'multipart/form-data; boundary=B' }
  const request = new Request('http://storage', { method: 'POST', headers, body, duplex: 'half' } as RequestInit)
  return readForm(request, { most: 100_000, silence: 10_000, ...limits })
}
const take = async (content: AsyncIterable<Uint8Array>) => {
  let text = ''
  for await (const chunk of content) text += Buffer.from(chunk).toString()
  return text
}
const refused = async (asked: Promise<unknown>, message: RegExp | string = /broken/) =>
  expect(await asked.catch((e: unknown) => e)).toMatchObject({
    code: 'VALIDATION_ERROR',
    details: [{ path: 'file', message: expect.stringMatching(message) }],
  })

test('a form gives the fields before its file, and the file', async () => {
  const form = await read(bodyOf([`${beginning}tea`, ` at six${end}`, 'and what is after it']))
  expect(form).toMatchObject({ fields: { workspaceId: 'w' }, name: 'tea.txt', mimeType: 'text/plain' })
  expect(await take(form.content)).toBe('tea at six')
  await form.drain()
})

const cut = (c: ReadableStreamDefaultController) => c.error(new Error('aborted'))
const header = '\r\n--B\r\n\u0001no header\r\n\r\nx'
test.each<[string, string[], typeof cut?]>([
  ['ends in its file', [`${beginning}tea`]],
  ['ends before its last boundary', [`${beginning}tea\r\n--B`]],
  ['ends in a header after its file', [`${beginning}tea\r\n--B\r\nContent-Dis`]],
  ['is cut off in its file', [`${beginning}tea`], cut],
  ['is cut off in a large file', [beginning, 'x'.repeat(90_000)], cut],
  ['is cut off after its end', [`${beginning}tea${end}`], cut],
  ['has a broken header after its file', [`${beginning}tea${header}${end}`]],
  ['has a broken header after its file, and more', [`${beginning}tea${header}`, ...Array(50).fill('x'.repeat(9999))]],
])('a form that %s is 400, whenever its file is read, and what it fails with is heard', async (_, pieces, then) => {
  const early = await read(bodyOf(pieces, then))
  await refused(take(early.content))
  await early.drain()
  const late = await read(bodyOf(pieces, then))
  await setTimeout(20)
  await refused(take(late.content))
  await late.drain()
  const unread = await read(bodyOf(pieces, then))
  await setTimeout(20)
  await unread.drain()
  expect(unheard.splice(0)).toEqual([])
})

test('a form without a file is 400, once all of it has come', async () => {
  await refused(read(bodyOf([`${part('workspaceId')}\r\n\r\nw${end}`])))
  await refused(read(bodyOf([])))
  await refused(read(bodyOf([`${part('workspaceId')}\r\n\r\nw`], cut)))
  let taken = 0
  const rest = function* () {
    yield `--B\r\n\u0001no header\r\n\r\nx`
    while (taken++ < 100) yield 'x'.repeat(9999)
  }
  await refused(read(bodyOf(rest())))
  expect(taken).toBe(101)
})

test('a file of as many bytes as it may have is taken, one of more is 413', async () => {
  const of = async (size: number) => {
    const form = await read(bodyOf([beginning, 'x'.repeat(size), end]), { most: 1000 })
    return take(form.content).finally(form.drain)
  }
  expect(await of(1000)).toHaveLength(1000)
  await expect(of(1001)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
})

test('what is left of a form whose file nobody wants is read to its end, however much it is', async () => {
  let taken = 0
  const many = function* () {
    yield beginning
    while (taken++ < 100) yield 'x'.repeat(9999)
    yield end
  }
  const form = await read(bodyOf(many()), { most: 10_000_000 })
  for await (const _ of form.content) break
  await form.drain()
  expect(taken).toBe(101)
})

test('a form of which nothing comes for a while is 400; while nobody takes what came no time runs', async () => {
  const stalls = () => undefined
  const limits = { silence: 100 }
  await refused(read(bodyOf([part('workspaceId')], stalls), limits), 'nothing came of it for 0.1 s')
  const form = await read(bodyOf([`${beginning}tea`], stalls), limits)
  await refused(take(form.content), 'nothing came of it for 0.1 s')
  await form.drain()
  const left = await read(bodyOf([beginning, ...Array(40).fill('x'.repeat(9999)), end]), { ...limits, most: 1_000_000 })
  await setTimeout(500)
  expect(await take(left.content)).toHaveLength(40 * 9999)
})
