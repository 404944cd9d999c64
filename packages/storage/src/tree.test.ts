import { files, folders, trash, usage } from '@wealist/contract/storage'
import { codeOf } from '@wealist/dev/testing/board-service'
import { type StorageService, storageService } from '@wealist/dev/testing/storage-service'
import { allTold } from '@wealist/dev/testing/whole-tables'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { drop } from './trash.ts'

let service: StorageService
let people: StorageService['people']
beforeAll(async () => {
  service = await storageService()
  people = service.people
})
afterAll(() => service.stop())

const as = (who: keyof StorageService['people']) => service.as(people[who])
const folder = (name: string, parentId: string | null = null) => service.folder(people.alice, name, parentId)
const move = (id: string, parentId: string | null) => as('bob')(folders.update, { params: { id }, body: { parentId } })
const contents = (id: string, query: object = {}) =>
  as('bob')(folders.contents, { params: { id }, query: { workspaceId: service.workspaceId, ...query } })
const restore = (id: string) => as('bob')(trash.restore, { params: { id } })
const dropAll = async () => {
  const { base, deps } = service.running
  const job = { signal: new AbortController().signal, lease: async () => undefined }
  await drop({ ...base, ...deps, tx: base.db.tx, job } as never, { workspaceId: service.workspaceId })
}
/** The tree is a tree, and what is counted is what is kept. */
const sound = async () => {
  const lost = await service.rows(`with recursive down as (
      select id, 1 as n from folders where parent_id is null
      union all select f.id, n + 1 from folders f join down on f.parent_id = down.id where n < 30)
    select id from folders except select id from down`)
  expect(lost).toEqual([])
  const [{ used, kept }] = (await service.rows<{ used: string; kept: string }>(
    `select coalesce((select used from drives where workspace_id = $1), 0) as used,
       (select coalesce(sum(v.size), 0) from versions v join files f on f.id = v.file_id where f.workspace_id = $1) as kept`,
    [service.workspaceId],
  )) as [{ used: string; kept: string }]
  expect(Number(used)).toBe(Number(kept))
  const { byKind, used: shown } = await as('alice')(usage.get, { query: { workspaceId: service.workspaceId } })
  expect(byKind.reduce((sum, k) => sum + k.bytes, 0)).toBe(shown)
}

test('names are one in a folder whatever their case and composition, and are kept as they were typed', async () => {
  const parent = await folder('names')
  await folder('Plan', parent.id)
  for (const same of ['plan', 'PLAN', 'Ｐｌａｎ']) expect(await codeOf(folder(same, parent.id))).toBe('ALREADY_EXISTS')
  await folder('caf\u00e9', parent.id)
  expect(await codeOf(folder('cafe\u0301', parent.id))).toBe('ALREADY_EXISTS')
  const odd = ['../../x', '..', 'a;b"c', '😀'.repeat(255), '한글 폴더', '%_\\', ' spaced ']
  for (const name of odd) expect((await folder(name, parent.id)).name).toBe(name)
  for (const bad of ['a\r\nSet-Cookie: b', '', '  ', 'x\u0000', '😀'.repeat(256)])
    expect(await codeOf(folder(bad, parent.id))).toBe('VALIDATION_ERROR')
})

test('a name as macOS writes it is found as people type it, and the other way round', async () => {
  const [typed, parts] = ['보고서.txt', '보고서.txt'.normalize('NFD')]
  expect(parts).not.toBe(typed)
  const file = await service.file(people.alice, parts!)
  expect(file.name).toBe(typed)
  for (const q of ['보고', '보고'.normalize('NFD')]) {
    const { items } = await as('bob')(files.list, { query: { workspaceId: service.workspaceId, q } })
    expect(items.map((f) => f.id)).toEqual([file.id])
  }
})

test('the longest names there may be are listed page by page; what grows too long as it is compared is refused', async () => {
  const make = (name: string) =>
    as('bob')(folders.create, { body: { workspaceId: service.workspaceId, parentId: null, name } })
  for (const letter of ['가', '𝐀', '🫖', 'ﬀ']) for (const end of 'ab') await make(letter.repeat(254) + end)
  await expect(make('ﷺ'.repeat(255))).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  const names: string[] = []
  let cursor: string | null | undefined
  do {
    const query = { workspaceId: service.workspaceId, limit: 1, ...(cursor && { cursor }) }
    const page = await as('bob')(folders.list, { query })
    names.push(...page.items.map((f) => f.name))
    cursor = page.nextCursor
  } while (cursor)
  expect(names.filter((name) => name.length >= 255)).toHaveLength(8)
})

test('a folder is not moved into itself or what is in it, also by two moves at once; twenty is deep enough', async () => {
  const [a, b] = [await folder('a'), await folder('b')]
  const inner = await folder('inner', a.id)
  expect(await codeOf(move(a.id, a.id))).toBe('VALIDATION_ERROR')
  expect(await codeOf(move(a.id, inner.id))).toBe('VALIDATION_ERROR')
  const codes = await Promise.all([codeOf(move(a.id, b.id)), codeOf(move(b.id, inner.id))])
  expect(codes.toSorted()).toEqual(['OK', 'VALIDATION_ERROR'])
  await sound()
  let deep = await folder('1')
  for (let n = 2; n <= 20; n++) deep = await folder(`${n}`, deep.id)
  expect(await codeOf(folder('21', deep.id))).toBe('CONFLICT')
  const pair = await folder('pair')
  await folder('below', pair.id)
  expect(await codeOf(move(pair.id, (await contents(deep.parentId!)).breadcrumb.at(-1)!.id))).toBe('CONFLICT')
})

test('folders, then files, with the way there, come page by page, each once, in one statement', async () => {
  const top = await folder('many')
  const inside = await folder('inside', top.id)
  await service.rows(
    `insert into folders (id, workspace_id, parent_id, name, name_key, created_by)
     select gen_random_uuid(), $1, $2, 'f' || n, 'f' || n, $3 from generate_series(1, 4000) n`,
    [service.workspaceId, inside.id, people.alice.id],
  )
  await service.rows(
    `insert into files (id, workspace_id, folder_id, name, name_key, size, mime_type, kind, created_by)
     select gen_random_uuid(), $1, $2, 'd' || n, 'd' || n, 0, 'text/plain', 'document', $3 from generate_series(1, 6000) n`,
    [service.workspaceId, inside.id, people.alice.id],
  )
  await contents(inside.id)
  service.statements.length = 0
  const seen = new Set<string>()
  let pages = 0
  let inFiles = false
  for (let cursor: string | null | undefined; cursor !== null; pages++) {
    const page: Awaited<ReturnType<typeof contents>> = await contents(inside.id, {
      limit: 100,
      ...(cursor && { cursor }),
    })
    expect(page.breadcrumb.map((b) => b.name)).toEqual(['many', 'inside'])
    for (const { id } of [...page.folders, ...page.files]) expect(seen.has(id) || !seen.add(id)).toBe(false)
    if (inFiles) expect(page.folders).toEqual([])
    inFiles ||= page.files.length > 0
    cursor = page.nextCursor
  }
  expect([seen.size, pages, service.statements.length]).toEqual([10_000, 100, 100])
  await service.rows('delete from files where folder_id = $1', [inside.id])
  await service.rows('delete from folders where parent_id = $1', [inside.id])
})

test('a late page of a large folder reads as little as its first', async () => {
  const { id } = await folder('large')
  const [files, folders] = [3000, 1000]
  await service.rows(
    `insert into files (id, workspace_id, folder_id, name, name_key, size, mime_type, kind, created_by)
      select gen_random_uuid(), $1, $2, name, name, 1, 'text/plain', 'document', $1
      from (select 'f' || lpad(n::text, 6, '0') as name from generate_series(1, $3::int) n) f`,
    [service.workspaceId, id, files],
  )
  await service.rows(
    `insert into folders (id, workspace_id, parent_id, name, name_key, created_by)
      select gen_random_uuid(), $1, $2, name, name, $1
      from (select 'd' || lpad(n::text, 6, '0') as name from generate_series(1, $3::int) n) d`,
    [service.workspaceId, id, folders],
  )
  await service.rows('analyze files, folders')
  const read = async () => {
    await allTold(service.running.base.db)
    const statement = `select sum(idx_tup_read)::int as n from pg_stat_user_indexes where relname = any('{files,folders}')`
    return (await service.rows<{ n: number }>(statement))[0]!.n
  }
  const costs: number[] = []
  let cursor: string | undefined
  for (let seen = 0; seen < files + folders;) {
    const before = await read()
    const page = await contents(id, { limit: 100, ...(cursor && { cursor }) })
    costs.push((await read()) - before)
    seen += page.folders.length + page.files.length
    cursor = page.nextCursor ?? undefined
  }
  expect(costs).toHaveLength((files + folders) / 100)
  expect(cursor).toBeUndefined()
  expect(Math.max(...costs)).toBeLessThan(300)
})

test('a tree goes into the trash whole and comes back whole, what was deleted in it before stays there', async () => {
  const root = await folder('tree')
  const branch = await folder('branch', root.id)
  const [leaf, early] = [
    await service.file(people.alice, 'leaf.txt', 'leaf', { folderId: branch.id }),
    await service.file(people.alice, 'early.txt', 'early', { folderId: branch.id }),
  ]
  await as('bob')(files.remove, { params: { id: early.id } })
  await as('bob')(folders.remove, { params: { id: root.id } })
  expect(await codeOf(as('bob')(files.get, { params: { id: leaf.id } }))).toBe('NOT_FOUND')
  expect(await codeOf(contents(branch.id))).toBe('NOT_FOUND')
  expect(await codeOf(service.folder(people.alice, 'x', branch.id))).toBe('VALIDATION_ERROR')
  const { items } = await as('bob')(trash.list, { query: { workspaceId: service.workspaceId } })
  expect(items.map((t) => [t.type, t.name])).toEqual([
    ['folder', 'tree'],
    ['file', 'early.txt'],
  ])
  // A folder that is in the way meanwhile: the one that comes back gets a number.
  await folder('Tree')
  await restore(root.id)
  expect((await as('bob')(folders.get, { params: { id: root.id } })).name).toBe('tree (2)')
  expect((await contents(branch.id)).files.map((f) => f.name)).toEqual(['leaf.txt'])
  await as('bob')(folders.remove, { params: { id: root.id } })
  await restore(early.id)
  expect((await as('bob')(files.get, { params: { id: early.id } })).folderId).toBeNull()
  await sound()
})

test('the same tree shared out among people who move, delete, restore and purge it at once stays a tree, and sums hold', async () => {
  const root = await folder('busy')
  const branches = await Promise.all([1, 2, 3, 4].map((n) => folder(`b${n}`, root.id)))
  for (const { id } of branches)
    await Promise.all([1, 2].map((n) => service.file(people.alice, `f${n}.txt`, `${n}`, { folderId: id })))
  const pick = <T>(all: readonly T[]) => all[Math.floor(Math.random() * all.length)]!
  const any = () => pick([root, ...branches]).id
  await Promise.all(
    Array.from({ length: 120 }, (_, n) =>
      codeOf(
        pick([
          () => move(any(), pick([null, any()])),
          () => as('alice')(folders.remove, { params: { id: any() } }),
          () => restore(any()),
          () => as('alice')(trash.remove, { params: { id: any() } }),
          () => service.file(people.bob, `n${n}.txt`, 'new', { folderId: any() }),
          () => folder(`n${n}`, any()),
        ])() as Promise<unknown>,
      ).then((code) => expect(['OK', 'NOT_FOUND', 'VALIDATION_ERROR', 'CONFLICT', 'ALREADY_EXISTS']).toContain(code)),
    ),
  )
  await dropAll()
  await sound()
})

test('emptying the trash is for those who run the workspace; it frees the bytes and S3 forgets the files', async () => {
  const file = await service.file(people.bob, 'gone.txt', 'gone for good')
  const [{ key }] = (await service.rows<{ key: string }>('select key from versions where file_id = $1', [file.id])) as [
    { key: string },
  ]
  await as('bob')(files.remove, { params: { id: file.id } })
  expect(await codeOf(as('bob')(trash.empty, { query: { workspaceId: service.workspaceId } }))).toBe('FORBIDDEN')
  await as('alice')(trash.empty, { query: { workspaceId: service.workspaceId } })
  expect(await codeOf(restore(file.id))).toBe('NOT_FOUND')
  await expect
    .poll(() => service.running.deps.objects.inspect(key).then((o) => o === undefined), {
      timeout: 10_000,
      interval: 50,
    })
    .toBe(true)
  expect((await as('alice')(trash.list, { query: { workspaceId: service.workspaceId } })).items).toEqual([])
  await sound()
})

test('a member deletes for good what they put into the trash, and not what somebody else did while they waited', async () => {
  const file = await service.file(people.bob, 'twice.txt')
  await as('bob')(files.remove, { params: { id: file.id } })
  const alone = await service.running.base.db.pool.connect()
  await alone.query('begin')
  await alone.query('select from drives where workspace_id = $1 for no key update', [service.workspaceId])
  const removing = codeOf(as('bob')(trash.remove, { params: { id: file.id } }))
  const waiting = 'select from pg_stat_activity where datname = current_database() and wait_event_type = $1'
  await expect.poll(async () => (await service.rows(waiting, ['Lock'])).length).toBe(1)
  await alone.query('update files set deleted_by = $1 where id = $2', [people.alice.id, file.id])
  await alone.query('commit')
  alone.release()
  expect(await removing).toBe('FORBIDDEN')
  expect(await codeOf(as('alice')(trash.remove, { params: { id: file.id } }))).toBe('OK')
})

test('a stranger finds nothing of a drive', async () => {
  const [inner, file] = [await folder('private'), await service.file(people.alice, 'p.txt')]
  const mallory = as('mallory')
  const codes = await Promise.all([
    codeOf(mallory(folders.get, { params: { id: inner.id } })),
    codeOf(mallory(folders.contents, { params: { id: inner.id }, query: {} })),
    codeOf(mallory(folders.contents, { params: { id: 'root' }, query: { workspaceId: service.workspaceId } })),
    codeOf(mallory(files.get, { params: { id: file.id } })),
    codeOf(mallory(files.download, { params: { id: file.id }, query: {} })),
    codeOf(mallory(files.list, { query: { workspaceId: service.workspaceId } })),
    codeOf(mallory(trash.list, { query: { workspaceId: service.workspaceId } })),
    codeOf(service.begin(people.mallory, 'x', 1)),
  ])
  expect(new Set(codes)).toEqual(new Set(['NOT_FOUND']))
})
