import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { files, folders, trash, uploads } from '@wealist/contract/storage'
import { post } from '@wealist/dev/testing/attach'
import { codeOf } from '@wealist/dev/testing/board-service'
import { startLine } from '@wealist/dev/testing/line'
import { anyS3 } from '@wealist/dev/testing/s3-world'
import { type StorageService, storageService } from '@wealist/dev/testing/storage-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { clean, sweep } from './retention.ts'

let s3: Awaited<ReturnType<typeof anyS3>>
let line: Awaited<ReturnType<typeof startLine>>
let service: StorageService
beforeAll(async () => {
  s3 = await anyS3()
  line = await startLine(s3.url)
  service = await storageService({
    S3_ENDPOINT: line.url.replace(/\/$/, ''),
    S3_BUCKET: s3.bucket,
    S3_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
  })
})
afterAll(async () => {
  await service.stop()
  await line.down()
  await s3.stop()
})

const alice = () => service.as(service.people.alice)
const ctx = () => {
  const { base, deps } = service.running
  const job = { signal: new AbortController().signal, lease: async () => undefined }
  return { ...base, ...deps, tx: base.db.tx, job } as never
}
const stored = async () =>
  ((await s3.client.send(new ListObjectsV2Command({ Bucket: s3.bucket }))).Contents ?? []).map((o) => o.Key!).toSorted()
const known = async () =>
  (
    await service.rows<{ key: string }>(
      'select key from versions union all select thumbnail_key from versions where thumbnail_key is not null order by 1',
    )
  ).map((r) => r.key)
/** Nothing is on one side alone, once the jobs are done. */
const even = async () => {
  const isEven = async () => {
    // What waits until a form is over, or until S3 is tried again, is due now.
    await service.rows('update graphile_worker._private_jobs set run_at = now() where run_at > now()')
    const [there, rows] = [await stored(), await known()]
    return there.join() === rows.toSorted().join() ? 'even' : { there, rows }
  }
  await expect.poll(isEven, { timeout: 30_000, interval: 200 }).toBe('even')
}

test('without S3 names and folders are there, uploads get 503, deletions wait and then happen, and nothing is left over', async () => {
  const [kept, gone] = [
    await service.file(service.people.alice, 'kept.txt'),
    await service.file(service.people.alice, 'gone.txt'),
  ]
  const pending = await service.begin(service.people.alice, 'pending.txt', 3)
  await post(pending as never, 'tea')
  await line.down()
  expect((await alice()(files.get, { params: { id: kept.id } })).name).toBe('kept.txt')
  expect(
    (await alice()(folders.contents, { params: { id: 'root' }, query: { workspaceId: service.workspaceId } })).files,
  ).toHaveLength(2)
  expect(await codeOf(alice()(uploads.complete, { params: { id: pending.id }, body: {} }))).toBe('UNAVAILABLE')
  expect(await codeOf(service.begin(service.people.alice, 'film.mp4', 60_000_000, { mimeType: 'video/mp4' }))).toBe(
    'UNAVAILABLE',
  )
  const form = new FormData()
  form.set('workspaceId', service.workspaceId)
  form.set('file', new Blob(['tea'], { type: 'text/plain' }), 'note.txt')
  const headers = service.headersOf(service.people.alice)
  const direct = await fetch(`${service.url}/api/storage/files`, { method: 'POST', headers, body: form })
  expect(direct.status).toBe(503)
  await alice()(files.remove, { params: { id: gone.id } })
  await alice()(trash.remove, { params: { id: gone.id } })
  expect(await codeOf(alice()(files.get, { params: { id: gone.id } }))).toBe('NOT_FOUND')
  await line.up()
  const file = await alice()(uploads.complete, { params: { id: pending.id }, body: {} })
  expect(file.name).toBe('pending.txt')
  await service.rows("update uploads set created_at = now() - interval '2 days'")
  await clean(ctx())
  await even()
}, 60_000)

test('what S3 has and no row knows is removed, and an upload that nobody completed is given up', async () => {
  await s3.put('drive/orphan', 'lost')
  const before = (await service.rows<{ reserved: string }>('select reserved from drives'))[0]!.reserved
  const left = await service.begin(service.people.alice, 'left.txt', 3)
  await post(left as never, 'tea')
  await sweep(ctx(), { hours: 24 })
  expect(await stored()).toContain('drive/orphan')
  await service.rows("update uploads set created_at = now() - interval '25 hours' where id = $1", [left.id])
  await clean(ctx())
  await sweep(ctx(), { hours: -1 })
  await even()
  expect((await service.rows<{ reserved: string }>('select reserved from drives'))[0]!.reserved).toBe(before)
  expect(await codeOf(alice()(uploads.complete, { params: { id: left.id }, body: {} }))).toBe('NOT_FOUND')
}, 60_000)

test('a form that nobody completed keeps its room for an hour at most, also what came after that goes, and parts have their day', async () => {
  const reserved = async () => Number((await service.rows<{ n: string }>('select reserved as n from drives'))[0]!.n)
  const before = await reserved()
  const form = await service.begin(service.people.alice, 'closed tab.txt', 3)
  const parts = await service.begin(service.people.alice, 'film.mp4', 60_000_000, { mimeType: 'video/mp4' })
  const done = await service.file(service.people.alice, 'done.txt')
  const began = (minutes: number) =>
    service.rows('update uploads set created_at = now() - make_interval(mins => $1::int)', [minutes])
  await began(40)
  await clean(ctx())
  expect(await reserved()).toBe(before + 60_000_003)
  await began(46)
  await clean(ctx())
  expect(await reserved()).toBe(before + 60_000_000)
  // What completes it, or is asked again, is answered as what is gone, or is there.
  await post(form as never, 'tea')
  expect(await codeOf(alice()(uploads.complete, { params: { id: form.id }, body: {} }))).toBe('NOT_FOUND')
  const [row] = await service.rows<{ id: string }>('select id from uploads where file_id = $1', [done.id])
  expect((await alice()(uploads.complete, { params: { id: row!.id }, body: {} })).id).toBe(done.id)
  await alice()(uploads.abort, { params: { id: parts.id } })
  expect(await reserved()).toBe(before)
  await even()
}, 60_000)

test('what is uploaded between two completions is not what the first one made, and nothing of the second is kept', async () => {
  const { objects } = service.running.deps
  const upload = await service.begin(service.people.alice, 'swapped.txt', 3)
  const complete = () => alice()(uploads.complete, { params: { id: upload.id }, body: {} })
  await post(upload as never, 'tea')
  const look = objects.inspect
  let first: Awaited<ReturnType<typeof complete>> | undefined
  vi.spyOn(objects, 'inspect').mockImplementationOnce(async (key) => {
    first = await complete()
    await post(upload as never, 'pie')
    return look(key)
  })
  expect(await complete()).toEqual(first)
  const { downloadUrl } = await alice()(files.download, { params: { id: first!.id } })
  expect(await (await fetch(downloadUrl)).text()).toBe('tea')
  await even()
}, 60_000)

test('an upload into a folder that is in the trash by then is told so before it is copied, and completed once that is back', async () => {
  const { id: folderId } = await alice()(folders.create, { body: { workspaceId: service.workspaceId, name: 'going' } })
  const upload = await service.begin(service.people.alice, 'plan.txt', 3, { folderId })
  await post(upload as never, 'tea')
  await alice()(folders.remove, { params: { id: folderId } })
  const complete = () => alice()(uploads.complete, { params: { id: upload.id }, body: {} })
  const before = await stored()
  for (let i = 0; i < 3; i++) expect(await codeOf(complete())).toBe('VALIDATION_ERROR')
  expect(await stored()).toEqual(before)
  await alice()(trash.restore, { params: { id: folderId } })
  expect((await complete()).folderId).toBe(folderId)
  await even()
}, 60_000)

test('a night that does not reach the end of what S3 has is gone on with by the next one, which begins anew once all was seen', async () => {
  const lost = ['drive/!1', 'drive/!2', 'drive/!3', 'uploads/drive/!4', 'uploads/drive/!5']
  const left = async () => {
    const there = await stored()
    return lost.filter((key) => there.includes(key))
  }
  const night = () => sweep(ctx(), { hours: -1, most: 0, page: 2 })
  await sweep(ctx())
  for (const key of lost) await s3.put(key, 'lost')
  await night()
  await expect.poll(left, { timeout: 10_000 }).toEqual(lost.slice(2))
  for (let n = 0; n < 20 && (await left()).length > 0; n++) await night()
  await expect.poll(left, { timeout: 10_000 }).toEqual([])
  await s3.put(lost[0]!, 'lost again')
  await sweep(ctx(), { hours: -1 })
  await sweep(ctx(), { hours: -1 })
  await expect.poll(left, { timeout: 10_000 }).toEqual([])
  await even()
}, 60_000)

test('a deleted workspace takes its files along', async () => {
  const workspaceId = newId()
  await service.setMember(service.people.alice.id, 'owner', workspaceId)
  const folder = await alice()(folders.create, { body: { workspaceId, name: 'all of it' } })
  for (const name of ['a.txt', 'b.txt'])
    await service.file(service.people.alice, name, 'x', { workspaceId, folderId: folder.id })
  await service.begin(service.people.alice, 'c.txt', 3, { workspaceId })
  service.workspaces.deleteWorkspace(workspaceId)
  await service.followDirectory()
  await expect
    .poll(
      () =>
        service.rows(
          'select id from files where workspace_id = $1 union all select id from folders where workspace_id = $1',
          [workspaceId],
        ),
      { timeout: 20_000 },
    )
    .toEqual([])
  await even()
  expect(
    await service.rows('select from drives where workspace_id = $1 and used = 0 and reserved = 0', [workspaceId]),
  ).toHaveLength(1)
}, 60_000)
