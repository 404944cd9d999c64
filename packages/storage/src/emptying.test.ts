import { files, folders, trash } from '@wealist/contract/storage'
import { codeOf } from '@wealist/dev/testing/board-service'
import { type StorageService, storageService } from '@wealist/dev/testing/storage-service'
import { wholeTables } from '@wealist/dev/testing/whole-tables'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clean } from './retention.ts'
import { condemn, drop, emptyRest } from './trash.ts'

const versions = (workspace: string) =>
  `insert into versions (file_id, number, key, size, mime_type, kind, created_by)
    select id, 1, id, 1, mime_type, kind, created_by from files where workspace_id = ${workspace}`

let service: StorageService
beforeAll(async () => {
  service = await storageService()
  await service.rows('insert into drives (workspace_id) select unnest($1::uuid[])', [others])
  for (const filler of fillers) await service.rows(filler, [others])
  await service.rows('vacuum analyze')
})
afterAll(() => service.stop())

/** What other workspaces have: 50,000 files, a fifth of them in the trash. Who made them is no matter. */
const others = Array.from({ length: 20 }, newId)
const fillers = [
  `insert into folders (id, workspace_id, name, name_key, created_by)
    select gen_random_uuid(), w, 'd' || n, 'd' || n, w from unnest($1::uuid[]) w, generate_series(1, 500) n`,
  `insert into files (id, workspace_id, folder_id, name, name_key, size, mime_type, kind, created_by)
    select gen_random_uuid(), workspace_id, id, 'f' || n, 'f' || n, 1, 'text/plain', 'document', workspace_id
    from folders, generate_series(1, 5) n where workspace_id = any($1)`,
  `update files set deleted_at = now(), deleted_by = workspace_id, trashed_with = id where name = 'f1' and workspace_id = any($1)`,
  versions('any($1)'),
  `insert into uploads (id, workspace_id, name, size, mime_type, key, file_id, created_by)
    select id, workspace_id, name, 1, mime_type, id, id, created_by from files where workspace_id = any($1) limit 20000`,
]
const alice = () => service.as(service.people.alice)
const ctx = () => {
  const { base, deps } = service.running
  const job = { signal: new AbortController().signal, lease: async () => undefined }
  return { ...base, ...deps, tx: base.db.tx, job } as never
}
/** In the trash of a workspace: so many folders of a file each, and half as many files. */
const trashed = [
  `insert into folders (id, workspace_id, name, name_key, created_by, deleted_at, deleted_by, trashed_with)
    select id, $1, 't' || n, 't' || n, $1, now(), $1, id from (select gen_random_uuid() as id, n from generate_series(1, $2::int) n) f`,
  `insert into files (id, workspace_id, folder_id, name, name_key, size, mime_type, kind, created_by, deleted_at, deleted_by, trashed_with)
    select gen_random_uuid(), $1, id, 't', 't', 1, 'text/plain', 'document', $1, now(), $1, id from folders where workspace_id = $1 limit $2`,
  `insert into files (id, workspace_id, name, name_key, size, mime_type, kind, created_by, deleted_at, deleted_by, trashed_with)
    select id, $1, 't' || n, 't' || n, 1, 'text/plain', 'document', $1, now(), $1, id from (select gen_random_uuid() as id, n from generate_series(1, $2::int / 2) n) f`,
]
const fill = async (workspaceId: string, n: number) => {
  await service.rows('insert into drives (workspace_id, used) values ($1, $2)', [workspaceId, n + n / 2])
  await service.rows(`insert into usage (workspace_id, kind, bytes) values ($1, 'document', $2)`, [
    workspaceId,
    n + n / 2,
  ])
  for (const filler of trashed) await service.rows(filler, [workspaceId, n])
  await service.rows(versions('$1'), [workspaceId])
}
const left = async (workspaceId: string) =>
  service.rows(
    'select id from files where workspace_id = $1 union all select id from folders where workspace_id = $1',
    [workspaceId],
  )
const gone = async (workspaceId: string) => {
  expect(await left(workspaceId)).toEqual([])
  expect(await service.rows('select used from drives where workspace_id = $1', [workspaceId])).toEqual([{ used: '0' }])
}
const mine = async () => {
  const workspaceId = newId()
  await service.setMember(service.people.alice.id, 'owner', workspaceId)
  return workspaceId
}
const empty = async (workspaceId: string) => {
  service.statements.length = 0
  await alice()(trash.empty, { query: { workspaceId } })
  return service.statements.length
}
/** Those of the large tables that were read from end to end meanwhile. */
const wholeReads = async (work: () => Promise<unknown>) =>
  (await wholeTables(service.running.base.db, work)).filter((table) => large.has(table))
const large = new Set(['files', 'folders', 'versions', 'uploads'])

test('a trash of a thousand is emptied in the statements of one, and neither that nor the dropping reads the drives of others', async () => {
  const [one, many] = [await mine(), await mine()]
  await fill(one, 2)
  await fill(many, 660)
  await service.rows('analyze files, folders, versions, uploads')
  const emptied = async () => {
    const few = await empty(one)
    const start = performance.now()
    expect(await empty(many)).toBe(few)
    console.log(`990 things in a trash, beside 50,000 files: emptied in ${Math.round(performance.now() - start)} ms`)
    expect((await alice()(trash.list, { query: { workspaceId: many } })).items).toEqual([])
    for (const workspaceId of [one, many]) await drop(ctx(), { workspaceId })
  }
  expect(await wholeReads(emptied)).toEqual([])
  await gone(one)
  await gone(many)
})

test('of a deleted workspace everything goes: what lived, what was in the trash and in its folders, what was condemned', async () => {
  const workspaceId = await mine()
  await fill(workspaceId, 20)
  const living = await alice()(folders.create, { body: { workspaceId, name: 'living' } })
  await service.file(service.people.alice, 'living.txt', 'x', { workspaceId, folderId: living.id })
  await service.rows(
    `update files set trashed_with = null where id = any(array(
      select id from files where workspace_id = $1 and trashed_with = id limit 3))`,
    [workspaceId],
  )
  await service.rows('update drives set deleted_at = now() where workspace_id = $1', [workspaceId])
  await service.rows('analyze files, folders, versions, uploads')
  expect(await wholeReads(() => drop(ctx(), { workspaceId }))).toEqual([])
  await gone(workspaceId)
})

test('what was taken back while others were about to delete it for good stays', async () => {
  const file = await service.file(service.people.alice, 'kept.txt')
  const folder = await service.folder(service.people.alice, 'kept')
  const { base } = service.running
  await base.db.tx((tx) => condemn(tx, service.workspaceId, [file.id, folder.id]))
  expect(await codeOf(alice()(files.get, { params: { id: file.id } }))).toBe('OK')
  expect(await codeOf(alice()(folders.get, { params: { id: folder.id } }))).toBe('OK')
})

test('what is put into a large trash after it was emptied stays there, although the rest of it goes by a job', async () => {
  const workspaceId = await mine()
  await fill(workspaceId, 4)
  const [now] = await service.rows<{ before: string }>('select now()::text as before')
  await service.rows('select pg_sleep(0.002)')
  const later = await service.file(service.people.alice, 'later.txt', 'x', { workspaceId })
  await alice()(files.remove, { params: { id: later.id } })
  await emptyRest(ctx(), { workspaceId, ...now! })
  expect((await alice()(trash.list, { query: { workspaceId } })).items.map((t) => t.id)).toEqual([later.id])
  await emptyRest(ctx(), { workspaceId })
  expect((await alice()(trash.list, { query: { workspaceId } })).items).toEqual([])
})

test('what lay in the trash for thirty days goes by itself, with all that is in it', async () => {
  const workspaceId = await mine()
  await fill(workspaceId, 4)
  await service.rows(`update folders set deleted_at = now() - interval '31 days' where workspace_id = $1`, [
    workspaceId,
  ])
  const swept = () => clean(ctx()).then(() => drop(ctx(), { workspaceId }))
  expect(await wholeReads(swept)).toEqual([])
  expect(await left(workspaceId)).toHaveLength(2)
})
