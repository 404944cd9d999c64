import { files, folders, shares } from '@wealist/contract/storage'
import { codeOf } from '@wealist/dev/testing/board-service'
import { type StorageService, storageService } from '@wealist/dev/testing/storage-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: StorageService
beforeAll(async () => {
  service = await storageService()
})
afterAll(() => service.stop())

const as = (who: keyof StorageService['people']) => service.as(service.people[who])
const tokenOf = (link: string | null) => link!.split('/').at(-1)!
const shareFile = (id: string, body: object = {}) => as('alice')(shares.shareFile, { params: { id }, body })
const shareFolder = (id: string, body: object = {}) => as('alice')(shares.shareFolder, { params: { id }, body })
const look = (token: string) => service.anonymous(shares.look, { params: { token } })
const unlock = (token: string, body: object = {}) => service.anonymous(shares.unlock, { params: { token }, body })

test('a link gives the file to anybody who has it, and its token is nowhere in the tables', async () => {
  const file = await service.file(service.people.alice, 'tea.txt')
  const share = await shareFile(file.id)
  const token = tokenOf(share.shareLink)
  expect(await look(token)).toEqual({
    type: 'file',
    name: 'tea.txt',
    permission: 'download',
    hasPassword: false,
    expiresAt: null,
  })
  const { downloadUrl, files: shown } = await unlock(token)
  expect(shown).toEqual([{ id: file.id, name: 'tea.txt', size: 10, mimeType: 'text/plain' }])
  expect(await (await fetch(downloadUrl!)).text()).toBe('tea at six')
  expect((await as('bob')(shares.getFile, { params: { id: file.id } })).shareLink).toBeNull()
  expect(await service.rows('select from shares where token_hash = $1', [token])).toHaveLength(0)
  expect(await codeOf(look('no-such-token'))).toBe('NOT_FOUND')
  // Shared anew, the old link ends; shared no more, the new one too.
  const next = tokenOf((await shareFile(file.id, { permission: 'view' })).shareLink)
  expect(await codeOf(look(token))).toBe('NOT_FOUND')
  expect((await unlock(next)).downloadUrl).toBeNull()
  await as('bob')(shares.removeFile, { params: { id: file.id } })
  expect(await codeOf(look(next))).toBe('NOT_FOUND')
})

test('a password hides even the name, and guessing it is braked', async () => {
  const file = await service.file(service.people.alice, 'secret plan.txt')
  const token = tokenOf((await shareFile(file.id, { password: 'open sesame' })).shareLink)
  expect(await look(token)).toMatchObject({ name: null, hasPassword: true })
  expect(await codeOf(unlock(token))).toBe('UNAUTHORIZED')
  expect(await codeOf(unlock(token, { password: 'open barley' }))).toBe('FORBIDDEN')
  expect((await unlock(token, { password: 'open sesame' })).name).toBe('secret plan.txt')
  const codes = []
  for (let i = 0; i < 12; i++) codes.push(await codeOf(unlock(token, { password: `guess ${i} of many` })))
  expect(codes.at(-1)).toBe('RATE_LIMITED')
  expect(await service.rows("select from shares where password_hash like '%sesame%'")).toHaveLength(0)
})

test('a link of a folder gives what is in it, however deep, and nothing beside it', async () => {
  const outside = await service.file(service.people.alice, 'outside.txt')
  const top = await service.folder(service.people.alice, 'shared')
  const inner = await service.folder(service.people.alice, 'inner', top.id)
  const inside = await service.file(service.people.alice, 'inside.txt', 'in', { folderId: inner.id })
  const beside = await service.folder(service.people.alice, 'beside')
  const token = tokenOf((await shareFolder(top.id)).shareLink)
  expect(await unlock(token)).toMatchObject({ name: 'shared', folders: [{ id: inner.id, name: 'inner' }], files: [] })
  expect((await unlock(token, { folderId: inner.id })).files.map((f) => f.id)).toEqual([inside.id])
  expect(await (await fetch((await unlock(token, { fileId: inside.id })).downloadUrl!)).text()).toBe('in')
  for (const other of [{ folderId: beside.id }, { folderId: newId() }, { fileId: outside.id }, { fileId: newId() }])
    expect(await codeOf(unlock(token, other))).toBe('NOT_FOUND')
  // What is moved out of it is out of the link; in the trash there is none.
  await as('bob')(files.move, { params: { id: inside.id }, body: { folderId: null } })
  expect(await codeOf(unlock(token, { fileId: inside.id }))).toBe('NOT_FOUND')
  await as('bob')(folders.remove, { params: { id: top.id } })
  expect(await codeOf(look(token))).toBe('NOT_FOUND')
})

test('a link ends when its time is over', async () => {
  const file = await service.file(service.people.alice, 'soon.txt')
  const share = await shareFile(file.id, { expiresIn: 60 })
  const token = tokenOf(share.shareLink)
  expect(Date.parse(share.expiresAt!) - Date.now()).toBeGreaterThan(50_000)
  await service.rows("update shares set expires_at = now() - interval '1 second' where file_id = $1", [file.id])
  expect(await codeOf(look(token))).toBe('NOT_FOUND')
  expect(await codeOf(unlock(token))).toBe('NOT_FOUND')
})

test('nobody outside of the workspace shares its files', async () => {
  const file = await service.file(service.people.alice, 'inhouse.txt')
  const asked = as('mallory')(shares.shareFile, { params: { id: file.id }, body: {} })
  expect(await codeOf(asked)).toBe('NOT_FOUND')
})

test('who leaves a workspace takes along the links they made there until then, and nobody else’s', async () => {
  const { alice, bob } = service.people
  const elsewhere = newId()
  await service.setMember(bob.id, 'owner', elsewhere)
  const top = await service.folder(alice, 'everything')
  const [hers, later] = [await service.file(alice, 'hers.txt'), await service.file(alice, 'later.txt')]
  const own = await service.file(bob, 'own.txt', 'own', { workspaceId: elsewhere })
  const asBob = async (id: string) =>
    tokenOf((await as('bob')(shares.shareFile, { params: { id }, body: {} })).shareLink)
  const ended = tokenOf((await as('bob')(shares.shareFolder, { params: { id: top.id }, body: {} })).shareLink)
  const kept = [tokenOf((await shareFile(hers.id)).shareLink), await asBob(own.id)]
  await service.setMember(bob.id, null)
  // What user-service says is heard late: he is back by then.
  await service.setMember(bob.id, 'member')
  kept.push(await asBob(later.id))
  await service.followDirectory()
  expect([await codeOf(look(ended)), await codeOf(unlock(ended))]).toEqual(['NOT_FOUND', 'NOT_FOUND'])
  for (const token of kept) expect(await codeOf(look(token))).toBe('OK')
  expect(await codeOf(as('alice')(shares.getFolder, { params: { id: top.id } }))).toBe('NOT_FOUND')
})

test('a link that was being made while its maker was taken out ends soon after; who is back by then keeps theirs', async () => {
  const { alice, bob, vera } = service.people
  const made = async (by: string) => {
    const file = await service.file(alice, `${by}.txt`)
    const token = tokenOf((await shareFile(file.id)).shareLink)
    return { token, byThem: () => service.rows('update shares set created_by = $1 where file_id = $2', [by, file.id]) }
  }
  const [late, back] = [await made(bob.id), await made(vera.id)]
  for (const { id } of [bob, vera]) await service.setMember(id, null)
  await service.followDirectory()
  await late.byThem()
  await back.byThem()
  await service.setMember(vera.id, 'member')
  const waiting = async () => {
    await service.rows('update graphile_worker._private_jobs set run_at = now() where run_at > now()')
    return service.rows(
      "select payload from kit.outbox union all select null from graphile_worker.jobs where task_identifier = 'shares.leave'",
    )
  }
  await expect.poll(waiting, { timeout: 20_000, interval: 200 }).toEqual([])
  expect([await codeOf(look(late.token)), await codeOf(look(back.token))]).toEqual(['NOT_FOUND', 'OK'])
  await service.setMember(bob.id, 'member')
})

test('of a deleted workspace no link gives anything any more, from the moment it is deleted', async () => {
  const workspaceId = newId()
  await service.setMember(service.people.alice.id, 'owner', workspaceId)
  const file = await service.file(service.people.alice, 'tea.txt', 'tea', { workspaceId })
  const folder = await as('alice')(folders.create, { body: { workspaceId, name: 'shared' } })
  const tokens = [await shareFile(file.id), await shareFolder(folder.id)].map((s) => tokenOf(s.shareLink))
  for (const token of tokens) expect(await codeOf(unlock(token))).toBe('OK')
  // The jobs that remove what was in it come when they come.
  await service.rows('update drives set deleted_at = now() where workspace_id = $1', [workspaceId])
  for (const token of tokens)
    expect([await codeOf(look(token)), await codeOf(unlock(token))]).toEqual(['NOT_FOUND', 'NOT_FOUND'])
})
