import { createHash } from 'node:crypto'
import { formBytes } from '@wealist/contract/files'
import { files, folders, uploads, usage } from '@wealist/contract/storage'
import { post } from '@wealist/dev/testing/attach'
import { codeOf } from '@wealist/dev/testing/board-service'
import { asProcesses } from '@wealist/dev/testing/lambda-sockets'
import { type StorageService, storageService } from '@wealist/dev/testing/storage-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

let service: StorageService
let people: StorageService['people']
beforeAll(async () => {
  service = await storageService({ FREE_BYTES: '1000000' })
  people = service.people
})
afterAll(() => service.stop())

const as = (who: keyof StorageService['people']) => service.as(people[who])
const complete = (who: 'alice' | 'bob', id: string) => as(who)(uploads.complete, { params: { id }, body: {} })
const used = async () => (await as('alice')(usage.get, { query: { workspaceId: service.workspaceId } })) as usage.Usage
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const png = Uint8Array.from(
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
)
const save = async (id: string, more: object = {}) => {
  const { downloadUrl } = await as('bob')(files.download, { params: { id }, query: more })
  return fetch(downloadUrl)
}

test('a file goes up by a form and comes down as what it was, saved under its name and never shown in a page', async () => {
  const page = '<script>alert(1)</script>'
  const file = await service.file(people.alice, 'index.html', page, { mimeType: 'text/html', sha256: sha256(page) })
  expect(file).toMatchObject({ name: 'index.html', size: page.length, kind: 'document', currentVersion: 1 })
  const got = await save(file.id)
  expect(await got.text()).toBe(page)
  expect(got.headers.get('content-type')).toBe('application/octet-stream')
  expect(got.headers.get('content-disposition')).toMatch(/^attachment; filename="index.html"/)
  const emoji = await service.file(people.alice, '😀'.repeat(255))
  expect((await save(emoji.id)).headers.get('content-disposition')).toContain("filename*=UTF-8''%F0%9F%98%80")
})

test('who lies about size, type or checksum is told so, and nothing of it is kept', async () => {
  const before = await used()
  const image = await service.begin(people.alice, 'a.png', 4, { mimeType: 'image/png' })
  await post(image as never, 'text')
  const hidden = await service.begin(people.alice, 'a.txt', png.length)
  await post(hidden as never, png)
  const sum = await service.begin(people.alice, 'b.txt', 3, { sha256: sha256('tea') })
  await post(sum as never, 'pie')
  const short = await service.begin(people.alice, 'c.txt', 10)
  expect((await post(short as never, 'tea')).status).toBe(400)
  for (const [{ id }, code] of [
    [image, 'VALIDATION_ERROR'],
    [hidden, 'VALIDATION_ERROR'],
    [sum, 'VALIDATION_ERROR'],
    [short, 'CONFLICT'],
  ] as const) {
    expect(await codeOf(complete('alice', id))).toBe(code)
    if (code === 'CONFLICT') await as('alice')(uploads.abort, { params: { id } })
    expect(await codeOf(complete('alice', id))).toBe('NOT_FOUND')
  }
  expect(await used()).toEqual(before)
  const left = await service.rows('select from uploads where file_id is null')
  expect(left).toHaveLength(0)
})

test('nobody completes an upload of somebody else, and one that is completed twice is one file', async () => {
  const upload = await service.begin(people.alice, 'mine.txt', 3)
  await post(upload as never, 'tea')
  expect(await codeOf(complete('bob', upload.id))).toBe('NOT_FOUND')
  expect(await codeOf(as('bob')(uploads.abort, { params: { id: upload.id } }))).toBe('NOT_FOUND')
  const all = await Promise.all(Array.from({ length: 5 }, () => complete('alice', upload.id)))
  for (const file of all) expect(file).toEqual(all[0])
  expect((await as('bob')(files.versions, { params: { id: all[0]!.id } })).items).toHaveLength(1)
})

test('whoever began an upload gives it up, or who runs the workspace, and its bytes are free again', async () => {
  const before = await used()
  const begin = () => service.begin(people.bob, 'left.txt', 1000)
  const [mine, hers, his] = [await begin(), await begin(), await begin()]
  await service.setMember(people.vera.id, 'admin')
  const listed = async (who: keyof StorageService['people']) =>
    (await as(who)(uploads.list, { query: { workspaceId: service.workspaceId } })).items.map(({ id }) => id)
  expect(await listed('bob')).toEqual([his.id, hers.id, mine.id])
  expect(await listed('vera')).toEqual(expect.arrayContaining(await listed('bob')))
  expect(await codeOf(listed('mallory'))).toBe('NOT_FOUND')
  const abort = (who: keyof StorageService['people'], { id }: { id: string }) =>
    codeOf(as(who)(uploads.abort, { params: { id } }))
  expect([await abort('mallory', mine), await abort('bob', mine)]).toEqual(['NOT_FOUND', 'OK'])
  expect([await abort('vera', hers), await abort('alice', his)]).toEqual(['OK', 'OK'])
  await service.setMember(people.vera.id, 'member')
  expect([await listed('bob'), await listed('vera')]).toEqual([[], []])
  expect(await abort('vera', await begin())).toBe('NOT_FOUND')
  expect((await used()).reserved).toBe(before.reserved + 1000)
})

test.skipIf(asProcesses).each(['beginning', 'copy'] as const)(
  'an upload whose file somebody removes before its %s is taken is 409, and nothing is kept of it',
  async (which) => {
    const { objects } = service.running.deps
    const begun = await service.begin(people.alice, `${which}.txt`, 3)
    await post(begun as never, 'tea')
    const removed = async (key: string) => {
      await objects.remove([key])
      vi.restoreAllMocks()
    }
    if (which === 'copy') {
      const copy = objects.publish
      vi.spyOn(objects, 'publish').mockImplementation(async (what) => removed(what.from).then(() => copy(what)))
    } else {
      const look = objects.inspect
      vi.spyOn(objects, 'inspect').mockImplementation((key) => look(key).finally(() => removed(key)))
    }
    expect(await codeOf(complete('alice', begun.id))).toBe('CONFLICT')
    expect(await codeOf(complete('alice', begun.id))).toBe('CONFLICT')
  },
)

test('what the form writes after completion changes nothing', async () => {
  const upload = await service.begin(people.alice, 'fixed.txt', 3)
  await post(upload as never, 'tea')
  const { id } = await complete('alice', upload.id)
  await post(upload as never, 'pie')
  expect(await (await save(id)).text()).toBe('tea')
})

test('a file uploaded over another is its next version; an older one comes back and comes down', async () => {
  const first = await service.file(people.alice, 'Plan.txt', 'one')
  const second = await service.file(people.bob, 'plan.TXT', 'two!')
  expect(second).toMatchObject({ id: first.id, name: 'Plan.txt', currentVersion: 2, size: 4 })
  expect(await (await save(first.id)).text()).toBe('two!')
  expect(await (await save(first.id, { version: 1 })).text()).toBe('one')
  const back = await as('bob')(files.restoreVersion, { params: { id: first.id, version: '1' as never } })
  expect(back).toMatchObject({ currentVersion: 1, size: 3 })
  const third = await service.file(people.bob, 'plan.txt', 'three')
  expect(third.currentVersion).toBe(3)
  const { items } = await as('bob')(files.versions, { params: { id: first.id } })
  expect(items.map((v) => v.number)).toEqual([3, 2, 1])
})

test('of thirty uploads at once that do not all fit, exactly those that fit are let in, and no byte is lost in the sums', async () => {
  const workspaceId = newId()
  await service.setMember(people.alice.id, 'owner', workspaceId)
  const begun = await Promise.allSettled(
    Array.from({ length: 30 }, (_, n) => service.begin(people.alice, `n${n}.txt`, 90_000, { workspaceId })),
  )
  const let_in = begun.flatMap((b) => (b.status === 'fulfilled' ? [b.value] : []))
  for (const b of begun) if (b.status === 'rejected') expect(b.reason).toMatchObject({ code: 'QUOTA_EXCEEDED' })
  expect(let_in).toHaveLength(11)
  const ask = { query: { workspaceId } }
  expect(await as('alice')(usage.get, ask)).toMatchObject({ used: 0, reserved: 990_000, limit: 1_000_000 })
  await Promise.all(
    let_in.map(async (upload, n) => {
      if (n % 2) return as('alice')(uploads.abort, { params: { id: upload.id } })
      await post(upload as never, 'x'.repeat(90_000))
      return complete('alice', upload.id)
    }),
  )
  expect(await as('alice')(usage.get, ask)).toMatchObject({ used: 540_000, reserved: 0 })
})

test('a folder that is not there is told of before anything is sent, in parts too, and no room is kept for it', async () => {
  const gone = await service.folder(people.alice, 'gone')
  await as('alice')(folders.remove, { params: { id: gone.id } })
  const before = await used()
  for (const folderId of [gone.id, newId()])
    for (const size of [10, formBytes + 1])
      expect(await codeOf(service.begin(people.alice, 'a.txt', size, { folderId }))).toBe('VALIDATION_ERROR')
  expect(await used()).toEqual(before)
})

const send = (
  who: 'alice' | 'mallory',
  { name = 'note.txt', content = 'tea', type = 'text/plain', ...fields }: Record<string, string>,
) => {
  const form = new FormData()
  for (const [key, value] of Object.entries({ workspaceId: service.workspaceId, ...fields })) form.set(key, value)
  form.set('file', new Blob([content], { type }), name)
  return fetch(`${service.url}/api/storage/files`, {
    method: 'POST',
    headers: service.headersOf(people[who]),
    body: form,
  })
}

// Requests of a function are small: there this route says where files go, 413.
test.skipIf(asProcesses)('a file goes up through the service, with the same rules', async () => {
  const file = files.File.parse(await (await send('alice', { name: '홍차 tea.txt' })).json())
  expect(file).toMatchObject({ name: '홍차 tea.txt', size: 3 })
  expect(await (await save(file.id)).text()).toBe('tea')
  const folder = await service.folder(people.alice, 'streams')
  const inside = files.File.parse(await (await send('alice', { folderId: folder.id })).json())
  expect(inside.folderId).toBe(folder.id)
  const before = await used()
  expect((await send('alice', { content: 'text', type: 'image/png', name: 'a.png' })).status).toBe(400)
  expect((await send('alice', { content: '' })).status).toBe(400)
  expect((await send('alice', { name: 'a\u0001b' })).status).toBe(400)
  expect((await send('alice', { folderId: newId() })).status).toBe(400)
  expect((await send('mallory', {})).status).toBe(404)
  expect((await send('alice', { content: 'x'.repeat(1_000_000) })).status).toBe(403)
  const headers = { ...service.headersOf(people.alice), 'content-type': 'application/json' }
  const wrong = await fetch(`${service.url}/api/storage/files`, { method: 'POST', headers, body: '{}' })
  expect(wrong.status).toBe(415)
  expect(await used()).toEqual(before)
})

test('files are found by name as it is written, Korean too, by kind and by folder', async () => {
  const folder = await service.folder(people.alice, 'search')
  const made = [
    await service.file(people.alice, '분기 회의록.txt', 'x', { folderId: folder.id }),
    await service.file(people.alice, '100%_sure.txt', 'x', { folderId: folder.id }),
    await service.file(people.alice, '100 xsure.png', png, { folderId: folder.id, mimeType: 'image/png' }),
  ]
  const find = async (more: object) =>
    (await as('bob')(files.list, { query: { workspaceId: service.workspaceId, ...more } })).items.map((f) => f.id)
  expect(await find({ q: '회의' })).toEqual([made[0]!.id])
  expect(await find({ q: '0%_S' })).toEqual([made[1]!.id])
  expect(await find({ type: 'image', folderId: folder.id })).toEqual([made[2]!.id])
  expect(await find({ folderId: folder.id })).toEqual(made.map((f) => f.id).toReversed())
})

test('an image gets a small picture by a job; what only says that it is one does not', async () => {
  const file = await service.file(people.alice, 'dot.png', png, { mimeType: 'image/png' })
  await expect
    .poll(async () => (await as('bob')(files.get, { params: { id: file.id } })).hasThumbnail, { timeout: 15_000 })
    .toBe(true)
  const { downloadUrl } = await as('bob')(files.thumbnail, { params: { id: file.id } })
  const got = await fetch(downloadUrl)
  expect(got.headers.get('content-type')).toBe('image/webp')
  expect(
    Buffer.from(await got.arrayBuffer())
      .subarray(8, 12)
      .toString(),
  ).toBe('WEBP')
  const text = await service.file(people.alice, 'note.txt')
  expect(await codeOf(as('bob')(files.thumbnail, { params: { id: text.id } }))).toBe('NOT_FOUND')
})
