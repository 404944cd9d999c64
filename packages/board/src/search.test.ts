import { activity, boards, events, search, tasks, trash } from '@wealist/contract/board'
import type { CallInput } from '@wealist/contract/route'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import type { Ask } from '@wealist/dev/testing/one-service'
import { newId } from '@wealist/kit/ids'
import { raw } from '@wealist/kit/sql'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { found } from './search.sql.ts'

type Query = NonNullable<CallInput<typeof search.list>['query']>
let service: BoardService
let alice: Ask
let project: Awaited<ReturnType<BoardService['project']>>
beforeAll(async () => {
  service = await boardService()
  alice = service.as(service.people.alice)
})
afterAll(() => service.stop())
beforeEach(async () => void (project = await service.project()))

const ask = (query: Query) => alice(search.list, { params: { id: project.id }, query })
const titles = async (query: Query) => (await ask({ sort: 'created', ...query })).items.map((t) => t.title)
const add = (title: string, more: object = {}, board = 0) =>
  alice(tasks.create, { params: { id: project.boards[board]!.id }, body: { title, ...more } })
const csvOf = async (query = '', person: { id: string } = service.people.alice) => {
  const url = `${service.url}/api/projects/${project.id}/tasks?format=csv&sort=created${query}`
  const response = await fetch(url, { headers: service.headersOf(person) })
  return { response, text: Buffer.from(await response.arrayBuffer()).toString() }
}
const label = async (name: string) => {
  const id = newId()
  await service.rows(`insert into labels (id, project_id, name, color) values ($1, $2, $3, '#000000')`, [
    id,
    project.id,
    name,
  ])
  return id
}
const field = async (name: string, type: string, rank: string) => {
  const id = newId()
  await service.rows(`insert into fields (id, project_id, name, type, rank) values ($1, $2, $3, $4, $5)`, [
    id,
    project.id,
    name,
    type,
    rank,
  ])
  return id
}

test('text is found in title and description whatever the case, Korean too, and its signs mean themselves', async () => {
  await add('Weekly 회의록')
  await add('other', { description: '다음 주 회의 준비' })
  await add('100% done_now \\ here')
  await add('Ähre')
  expect(await titles({ q: '회의' })).toEqual(['Weekly 회의록', 'other'])
  expect(await titles({ q: '음 주 회' })).toEqual(['other'])
  expect(await titles({ q: 'WEEKLY' })).toEqual(['Weekly 회의록'])
  expect(await titles({ q: 'ähR' })).toEqual(['Ähre'])
  for (const q of ['0%', 'e_n', '\\ h', '%', '_', '\\']) expect(await titles({ q })).toEqual(['100% done_now \\ here'])
  expect(await titles({ q: 'o%r' })).toEqual([])
})

test('each filter holds, and all that are given hold together', async () => {
  const { alice: me, bob } = service.people
  const [red, blue] = [await label('red'), await label('blue')]
  const [size, note] = [await field('size', 'number', 'a1'), await field('note', 'text', 'a2')]
  await add('a', { assigneeId: me.id, labelIds: [red, blue], fields: { [size]: 5, [note]: 'x' }, priority: 'high' })
  await add('b', { assigneeId: bob.id, labelIds: [red], fields: { [size]: 5 }, dueDate: '2026-03-01T00:00:00Z' })
  await add('c', { status: 'done', dueDate: '2026-03-02T00:00:00Z' }, 1)
  expect(await titles({ assigneeId: 'me' })).toEqual(['a'])
  expect(await titles({ assigneeId: bob.id })).toEqual(['b'])
  expect(await titles({ assigneeId: 'none' })).toEqual(['c'])
  expect(await titles({ status: 'done' })).toEqual(['c'])
  expect(await titles({ priority: 'high' })).toEqual(['a'])
  expect(await titles({ boardId: project.boards[1]!.id })).toEqual(['c'])
  expect(await titles({ labelId: red })).toEqual(['a', 'b'])
  expect(await titles({ labelId: [red, blue] })).toEqual(['a'])
  expect(await titles({ field: { [size]: '5' } })).toEqual(['a', 'b'])
  expect(await titles({ field: { [size]: '5', [note]: 'x' } })).toEqual(['a'])
  expect(await titles({ dueBefore: '2026-03-02T00:00:00Z' })).toEqual(['b'])
  expect(await titles({ dueAfter: '2026-03-02T09:00:00+09:00' })).toEqual(['c'])
  expect(await titles({ assigneeId: 'me', status: 'done' })).toEqual([])
})

test('every order gives each task once, page by page, those without a due date last both ways', async () => {
  const due = ['2026-03-02T00:00:00Z', null, '2026-03-01T00:00:00Z', null, '2026-03-02T00:00:00Z', null]
  const [low, high] = ['low', 'high']
  for (const [i, dueDate] of due.entries())
    await add(`${'cBaCbA'[i]}`, { dueDate, priority: i % 2 ? low : high }, i % 3)
  const orders = ['created', 'updated', 'due', 'priority', 'title', 'board'] as const
  for (const sort of orders.flatMap((order) => [order, `-${order}` as const])) {
    const whole = (await ask({ sort })).items
    const paged: unknown[] = []
    for (let cursor: string | undefined; ;) {
      const page = await ask({ sort, limit: 1, ...(cursor && { cursor }) })
      paged.push(...page.items)
      if (page.nextCursor === null) break
      cursor = page.nextCursor
    }
    expect(paged, sort).toEqual(whole)
    expect(new Set(whole.map((t) => t.id)).size, sort).toBe(due.length)
  }
  const dues = async (sort: 'due' | '-due') => (await ask({ sort })).items.map((t) => t.dueDate?.slice(8, 10) ?? null)
  expect(await dues('due')).toEqual(['01', '02', '02', null, null, null])
  expect(await dues('-due')).toEqual(['02', '02', '01', null, null, null])
  expect((await titles({ sort: 'title' })).join('').toLowerCase()).toBe('aabbcc')
  expect((await ask({ sort: '-priority' })).items.slice(0, 3).every((t) => t.priority === 'high')).toBe(true)
  const inOrder = (await Promise.all(project.boards.map((b) => service.tasksOf(b.id)))).flat()
  expect((await ask({ sort: 'board' })).items).toEqual(inOrder)
})

test('what no route says is refused, and a cursor belongs to its filters and order', async () => {
  await add('a')
  await add('b')
  const code = (query: object) => codeOf(ask(query as Query))
  const many = Object.fromEntries(Array.from({ length: 11 }, () => [newId(), 'x']))
  const bad = [{ nope: '1' }, { 'field.nope': 'x' }, { field: 'x' }, { 'nope.a': 'x' }, { q: '' }, { sort: 'rank' }]
  for (const query of [...bad, { 'q.a': 'x' }, { field: many }, { dueBefore: '0000-01-01T00:00:00Z' }, { q: 'a\0' }])
    expect(await code(query), JSON.stringify(query)).toBe('VALIDATION_ERROR')
  expect(await code({ dueBefore: '2026-01-01T00:00:00+23:00' })).toBe('OK')
  const cursor = (await ask({ sort: 'title', limit: 1 })).nextCursor!
  expect(await code({ sort: 'title', limit: 1, cursor })).toBe('OK')
  expect(await code({ sort: '-title', cursor })).toBe('VALIDATION_ERROR')
  expect(await code({ sort: 'title', q: 'a', cursor })).toBe('VALIDATION_ERROR')
})

test('the file has the same tasks as the list, quoted, in UTF-8 that Excel knows, and runs nothing', async () => {
  const red = await label('red')
  const size = await field('=size', 'number', 'a1')
  await add('한글, "quoted"', { description: 'two\nlines', labelIds: [red], fields: { [size]: -5 } })
  await add('=1+1')
  await add('x', { status: 'done' })
  const { response, text } = await csvOf('&status=todo')
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(response.headers.get('content-disposition')).toBe(`attachment; filename="tasks-${project.id}.csv"`)
  expect(text.startsWith('\ufeffid,title,')).toBe(true)
  expect(text).toContain(",updatedAt,'=size\r\n")
  expect(text).toContain(',"한글, ""quoted""","two\nlines",To do,todo,medium,,,red,')
  expect(text).toContain(',-5\r\n')
  expect(text).toContain(",'=1+1,")
  expect(text.match(/\r\n/g)).toHaveLength(3)
  expect((await csvOf('', service.people.mallory)).response.status).toBe(404)
})

test('a long file is read in pages, each task once, and says where it was cut off', async () => {
  await fill(project, 10_010)
  const { text } = await csvOf()
  const lines = text.trimEnd().split('\r\n')
  expect(lines).toHaveLength(10_002)
  expect(new Set(lines.slice(1, -1).map((l) => l.slice(0, 36))).size).toBe(10_000)
  expect(lines.at(-1)).toContain('ends after 10000 tasks')
})

const fill = ({ id, boards: columns }: { id: string; boards: { id: string }[] }, n: number) =>
  service.rows(
    `insert into tasks (id, project_id, board_id, title, description, priority, status, rank, created_by, created_at)
     select gen_random_uuid(), $1, $2, '작업 ' || md5(i::text), '설명 ' || md5((i * 7)::text), 'low', 'todo', 'a' || lpad(i::text, 8, '0'), $3,
       now() - make_interval(secs => i) from generate_series(1, $4) i`,
    [id, columns[0]!.id, service.people.alice.id, n],
  )

test('no search reads the tasks of other projects, and text is found by its trigrams, Korean too', async () => {
  await add('분기 회의록 정리')
  await fill(project, 5000)
  for (let i = 0; i < 4; i++) await fill(await service.project(), 5000)
  await service.rows('vacuum analyze tasks')
  const plans: Record<string, string> = {}
  const { db } = service.running.base
  // As the pool runs them: prepared, with the plan for these values or with the one for any.
  const explain = async (name: string, filter: object, order: string, descending = false) => {
    const search = { projectId: project.id, userId: '', filter, order, descending }
    const { text, values } = found(search as never, { show: raw('t.id, t.title'), after: null, limit: 51 })
    const client = await db.pool.connect()
    try {
      await client.query({ name, text, values })
      const literal = (v: unknown) => (v === null ? 'null' : `'${Array.isArray(v) ? `{${v}}` : v}'`)
      const literals = values.map(literal).join()
      for (const mode of ['custom', 'generic']) {
        await client.query(`set plan_cache_mode = force_${mode}_plan`)
        const explained = `explain (analyze, buffers) execute "${name}"(${literals})`
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(explained)
        plans[`${name}, ${mode}`] = rows.map((r) => r['QUERY PLAN']).join('\n')
      }
    } finally {
      client.release(true)
    }
  }
  await explain('korean', { q: '회의록' }, 'created', true)
  await explain('two letters', { q: '회의' }, 'created', true)
  await explain('ascii', { q: 'c4ca4238' }, 'title')
  for (const order of ['created', 'updated', 'due', 'priority', 'title', 'board']) await explain(order, {}, order, true)
  await explain('filters', { status: 'done', priority: 'low', labelId: [newId()] }, 'due')
  for (const [name, plan] of Object.entries(plans)) {
    expect(plan, name).not.toContain('Seq Scan on tasks')
    expect(Number(/Rows Removed by Filter: (\d+)/.exec(plan)?.[1] ?? 0), name).toBeLessThanOrEqual(5001)
  }
  for (const mode of ['custom', 'generic']) {
    const korean = plans[`korean, ${mode}`]!
    expect(Number(/Bitmap Index Scan on tasks_text.*rows=(\d+) loops/.exec(korean)?.[1])).toBeLessThan(10)
    expect(plans[`ascii, ${mode}`]).toContain('Bitmap Index Scan on tasks_text')
    expect(plans[`two letters, ${mode}`]).not.toMatch(/tasks_text[^]*Index Cond:[^>]*~~/)
  }
  expect(plans['created, custom']).toMatch(/^(?!.*Sort)[^]*Index Scan Backward using tasks_created/)
})

test('what a search shows is made of the tasks of its page alone, whatever the order and the plan', async () => {
  const client = await service.running.base.db.pool.connect()
  try {
    await client.query(`create function shown(title text) returns text stable cost 1 language plpgsql as 'begin
      perform pg_advisory_lock_shared(hashtext(title)); return title; end'`)
    await fill(project, 500)
    for (const order of ['created', 'updated', 'due', 'priority', 'title', 'board'] as const)
      for (const mode of ['custom', 'generic']) {
        const search = { projectId: project.id, userId: '', filter: {}, order, descending: true }
        const { text, values } = found(search as never, { show: raw('shown(t.title) as title'), after: null, limit: 5 })
        await client.query(`set plan_cache_mode = force_${mode}_plan`)
        const { rows } = await client.query({ name: `shown ${order} ${mode}`, text, values })
        const made = await client.query(`select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`)
        expect([rows.length, made.rowCount], `${order}, ${mode}`).toEqual([5, 5])
        await client.query('select pg_advisory_unlock_all()')
      }
  } finally {
    client.release(true)
  }
})

test('the trash shows what was deleted, the last first, to whoever may see the project', async () => {
  const [a, b] = [await add('a'), await add('b')]
  await add('c')
  for (const { id } of [a, b]) await alice(tasks.remove, { params: { id } })
  const params = { id: project.id }
  const vera = service.as(service.people.vera)
  const first = await vera(trash.list, { params, query: { limit: 1 } })
  expect(first.items.map((t) => t.title)).toEqual(['b'])
  const rest = await vera(trash.list, { params, query: { limit: 1, cursor: first.nextCursor! } })
  expect(rest).toMatchObject({ items: [{ title: 'a' }], nextCursor: null, seq: first.seq })
  expect(await codeOf(service.as(service.people.mallory)(trash.list, { params, query: {} }))).toBe('NOT_FOUND')
})

test('activity is the log backwards, page by page', async () => {
  for (const title of ['a', 'b', 'c']) await add(title)
  await alice(boards.update, { params: { id: project.boards[0]!.id }, body: { name: 'New' } })
  const params = { id: project.id }
  const log = await alice(events.list, { params, query: {} })
  const seen: unknown[] = []
  for (let cursor: string | undefined; ;) {
    const page = await alice(activity.list, { params, query: { limit: 2, ...(cursor && { cursor }) } })
    expect(page.seq).toBe(log.seq)
    seen.push(...page.items)
    if (page.nextCursor === null) break
    cursor = page.nextCursor
  }
  expect(seen).toEqual(log.items.toReversed())
  expect(await codeOf(service.as(service.people.mallory)(activity.list, { params, query: {} }))).toBe('NOT_FOUND')
})
