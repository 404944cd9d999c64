import { files, folders, shares, trash, usage } from '@wealist/contract/storage'
import { codeOf } from '@wealist/dev/testing/board-service'
import { type StorageService, storageService } from '@wealist/dev/testing/storage-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { drop, followRest, restoreRest } from './trash.ts'

let service: StorageService
let workspaceId: string
beforeAll(async () => void (service = await storageService()))
afterAll(() => service.stop())
beforeEach(async () => {
  workspaceId = newId()
  await service.setMember(service.people.alice.id, 'owner', workspaceId)
})

type Ask = ReturnType<StorageService['as']>
const alice: Ask = (route, input, headers) => service.as(service.people.alice)(route, input, headers)
const folder = (name: string, parentId: string | null = null) =>
  alice(folders.create, { body: { workspaceId, name, parentId } })
const file = (name: string, folderId: string) =>
  service.file(service.people.alice, name, 'tea', { workspaceId, folderId })
const ctx = () => {
  const { base, deps } = service.running
  const job = { signal: new AbortController().signal, lease: async () => undefined }
  return { ...base, ...deps, tx: base.db.tx, job } as never
}
const names = async () => (await alice(files.list, { query: { workspaceId } })).items.map((f) => f.name).toSorted()
const lying = async () => (await alice(trash.list, { query: { workspaceId } })).items.map((t) => t.name)
/** As they are when a folder has just gone and its files have yet to follow. */
const gone = (id: string) =>
  service.rows('update folders set deleted_at = now(), deleted_by = $2, trashed_with = id where id = $1', [
    id,
    service.people.alice.id,
  ])
test('a folder of more files than one transaction takes goes at once, its files by and by, and comes back when they are all out of the trash', async () => {
  const [top, other] = [await folder('large'), await folder('other')]
  const inner = await folder('inner', top.id)
  await file('kept.txt', other.id)
  await service.rows(
    `insert into files (id, workspace_id, folder_id, name, name_key, size, mime_type, kind, created_by)
      select gen_random_uuid(), $1, case when n % 2 = 0 then $2::uuid else $3 end, 'f' || n, 'f' || n, 1, 'text/plain', 'document', $1
      from generate_series(1, 16000) n`,
    [workspaceId, top.id, inner.id],
  )
  const living = async () =>
    (
      await service.rows<{ n: number }>(
        `select count(*)::int as n from files where workspace_id = $1 and deleted_at is null and trashed_with is null`,
        [workspaceId],
      )
    )[0]!.n
  await alice(folders.remove, { params: { id: top.id } })
  expect(await living()).toBeGreaterThan(1)
  expect(await names()).toEqual(['kept.txt'])
  await expect.poll(living, { timeout: 20_000 }).toBe(1)
  expect(await lying()).toEqual(['large'])
  await alice(trash.restore, { params: { id: top.id } })
  expect(await living()).toBeLessThan(16_001)
  expect(await codeOf(alice(folders.get, { params: { id: inner.id } }))).toBe('NOT_FOUND')
  expect(await names()).toEqual(['kept.txt'])
  await expect.poll(lying, { timeout: 20_000 }).toEqual([])
  expect(await living()).toBe(16_001)
  expect((await alice(folders.get, { params: { id: inner.id } })).name).toBe('inner')
}, 60_000)

test('a file whose folder has gone is nowhere to be seen or changed, nor by a link, before it has followed; for good it goes with it', async () => {
  const [outer, { id: folderId }] = [await folder('shared'), await folder('gone')]
  await alice(folders.update, { params: { id: folderId }, body: { parentId: outer.id } })
  const { id } = await file('behind.txt', folderId)
  const share = async (route: typeof shares.shareFile | typeof shares.shareFolder, of: string) =>
    (await alice(route, { params: { id: of }, body: { permission: 'download' } })).shareLink!.split('/').at(-1)!
  const [ofFile, ofOuter] = [await share(shares.shareFile, id), await share(shares.shareFolder, outer.id)]
  const unlock = (token: string, fileId?: string) =>
    codeOf(service.anonymous(shares.unlock, { params: { token }, body: { ...(fileId && { fileId }) } }))
  expect([await unlock(ofFile), await unlock(ofOuter, id)]).toEqual(['OK', 'OK'])
  await gone(folderId)
  const params = { id }
  const refused = [
    alice(files.get, { params }),
    alice(files.download, { params, query: {} }),
    alice(files.versions, { params }),
    alice(files.restoreVersion, { params: { id, version: 1 } }),
    alice(files.update, { params, body: { name: 'x' } }),
    alice(files.move, { params, body: { folderId: null } }),
    alice(files.remove, { params }),
    alice(shares.shareFile, { params, body: { permission: 'view' } }),
  ]
  expect(new Set(await Promise.all(refused.map(codeOf)))).toEqual(new Set(['NOT_FOUND']))
  for (const filter of [{}, { folderId }, { q: 'behind' }])
    expect((await alice(files.list, { query: { workspaceId, ...filter } })).items).toEqual([])
  expect([await unlock(ofFile), await unlock(ofOuter, id)]).toEqual(['NOT_FOUND', 'NOT_FOUND'])
  await alice(trash.remove, { params: { id: folderId } })
  await drop(ctx(), { workspaceId })
  expect(await service.rows('select from files where id = $1', [id])).toEqual([])
  expect((await alice(usage.get, { query: { workspaceId } })).used).toBe(0)
})

test('a folder whose files are coming back is not followed into the trash any more, and not there before they are', async () => {
  const { id: folderId } = await folder('back')
  const first = await file('first.txt', folderId)
  await file('second.txt', folderId)
  await alice(folders.remove, { params: { id: folderId } })
  await service.rows('update folders set coming_back = true where id = $1', [folderId])
  await service.rows('update files set deleted_at = null, trashed_with = null where id = $1', [first.id])
  const tree = { workspaceId, folderId }
  await followRest(ctx(), tree)
  expect(await service.rows('select from files where id = $1 and deleted_at is null', [first.id])).toHaveLength(1)
  expect(await names()).toEqual([])
  await restoreRest(ctx(), tree)
  expect(await names()).toEqual(['first.txt', 'second.txt'])
  expect(await lying()).toEqual([])
  await alice(folders.remove, { params: { id: folderId } })
  await restoreRest(ctx(), { ...tree, folderId: newId() })
  await service.rows('update folders set trashed_with = null where id = $1', [folderId])
  await restoreRest(ctx(), tree)
  expect(await names()).toEqual([])
})

test('what lay in the trash by itself is gone for good with the folder it was in, before it is dropped', async () => {
  const { id: folderId } = await folder('condemned')
  const { id } = await file('early.txt', folderId)
  await alice(files.remove, { params: { id } })
  expect(await lying()).toEqual(['early.txt'])
  await service.rows('update folders set deleted_at = now() where id = $1', [folderId])
  expect(await lying()).toEqual([])
  expect(await codeOf(alice(trash.restore, { params: { id } }))).toBe('NOT_FOUND')
  await drop(ctx(), { workspaceId })
  expect(await service.rows('select from files where id = $1', [id])).toEqual([])
})
