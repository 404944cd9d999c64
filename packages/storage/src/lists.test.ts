import { files, trash } from '@wealist/contract/storage'
import { type StorageService, storageService } from '@wealist/dev/testing/storage-service'
import { allTold } from '@wealist/dev/testing/whole-tables'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: StorageService
let folderId: string

// A large folder in a large drive, beside many small ones of each.
beforeAll(async () => {
  service = await storageService()
  folderId = (await service.folder(service.people.alice, 'large')).id
  const fill = (n: number, folder: string | null) =>
    service.rows(
      `insert into files (id, workspace_id, folder_id, name, name_key, size, mime_type, kind, created_by, created_at)
        select gen_random_uuid(), $1, $2, name, name, 1, 'text/plain', (array['document', 'image', 'video'])[1 + n % 3], $1, now() - make_interval(secs => n)
        from (select 'report ' || n as name, n from generate_series(1, $3::int) n) f`,
      [service.workspaceId, folder, n],
    )
  await fill(5000, folderId)
  await fill(5000, null)
  for (let i = 0; i < 50; i++) await fill(1, (await service.folder(service.people.alice, `small ${i}`)).id)
  await service.rows(`with d as (insert into drives (workspace_id) select gen_random_uuid() from generate_series(1, 500) returning workspace_id)
    insert into files (id, workspace_id, name, name_key, size, mime_type, kind, created_by)
      select gen_random_uuid(), workspace_id, 'report ' || n, n, 1, 'text/plain', 'document', workspace_id
      from d, generate_series(1, 20) n`)
  await service.rows('vacuum analyze files')
  // As a connection runs them once it has made the plan for any folder, kind and text.
  await service.rows(
    `do $$ begin execute format('alter database %I set plan_cache_mode = force_generic_plan', current_database()); end $$`,
  )
  await service.running.base.db.rest()
}, 60_000)
afterAll(() => service.stop())

const read = async () => {
  await allTold(service.running.base.db)
  const [row] = await service.rows<{ rows: number; text: number }>(`select
    (select sum(idx_tup_read)::int from pg_stat_user_indexes where relname = 'files')
      + (select sum(seq_tup_read)::int from pg_stat_user_tables where relname = 'files') as rows,
    (select idx_scan::int from pg_stat_user_indexes where indexrelname = 'files_text') as text`)
  return row!
}
const reading = async (filter: object) => {
  const before = await read()
  const query = { workspaceId: service.workspaceId, limit: 10, ...filter }
  const { items } = await service.as(service.people.bob)(files.list, { query })
  const after = await read()
  return { items, rows: after.rows - before.rows, text: after.text - before.text }
}

test('the newest files of a large folder, and of a kind of which there are none, are found without reading the others', async () => {
  const inFolder = await reading({ folderId })
  expect(inFolder.items).toHaveLength(10)
  expect(inFolder.rows).toBeLessThan(100)
  const ofKind = await reading({ type: 'audio' })
  expect(ofKind.items).toEqual([])
  expect(ofKind.rows).toBeLessThan(100)
})

test('a file comes back into a large folder without reading the others in it', async () => {
  const ask = service.as(service.people.bob)
  const { items } = await reading({ folderId })
  const params = { id: items[0]!.id }
  await ask(files.remove, { params })
  const before = await read()
  await ask(trash.restore, { params })
  expect((await read()).rows - before.rows).toBeLessThan(200)
})

test('two letters, of which the text index knows nothing, do not read that index from end to end', async () => {
  expect(await reading({ q: 're' })).toMatchObject({ text: 0, items: { length: 10 } })
  expect(await reading({ q: '회의' })).toMatchObject({ text: 0, items: [] })
})
