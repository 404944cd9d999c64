import { boards, events, projects, tasks } from '@wealist/contract/board'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import type { Ask } from '@wealist/dev/testing/one-service'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { purge } from './trash.ts'

let service: BoardService
let alice: Ask
let project: Awaited<ReturnType<BoardService['project']>>
beforeAll(async () => {
  service = await boardService()
  alice = service.as(service.people.alice)
})
afterAll(() => service.stop())
beforeEach(async () => void (project = await service.project()))

const add = (title: string, id = project.boards[0]!.id) => alice(tasks.create, { params: { id }, body: { title } })
const remove = (id: string) => alice(tasks.remove, { params: { id } })
const restore = (id: string) => alice(tasks.restore, { params: { id } })
const titles = async (id = project.boards[0]!.id) => (await service.tasksOf(id)).map((t) => t.title)
const runPurge = () => {
  const { base } = service.running
  return purge({ ...base, tx: base.db.tx, job: { signal: new AbortController().signal } } as never)
}
const age = (table: 'tasks' | 'projects', id: string, days: number) =>
  service.rows(`update ${table} set deleted_at = now() - make_interval(days => $2) where id = $1`, [id, days])

test('the trash keeps a task, and a restored one is at the end of its board', async () => {
  const [a] = [await add('a'), await add('b')]
  await remove(a.id)
  expect(await titles()).toEqual(['b'])
  expect(await codeOf(alice(tasks.get, { params: { id: a.id } }))).toBe('NOT_FOUND')
  expect(await codeOf(remove(a.id))).toBe('NOT_FOUND')
  expect((await restore(a.id)).version).toBe(3)
  expect(await titles()).toEqual(['b', 'a'])
  expect(await codeOf(restore(a.id))).toBe('NOT_FOUND')
})

test('ten people restore a task at once: it comes back once', async () => {
  const task = await add('a')
  await remove(task.id)
  const codes = await Promise.all(Array.from({ length: 10 }, () => codeOf(restore(task.id))))
  expect(codes.filter((code) => code === 'OK')).toHaveLength(1)
  expect(codes.filter((code) => code === 'NOT_FOUND')).toHaveLength(9)
})

test('a task in the trash follows when its board goes', async () => {
  const [todo, doing] = project.boards
  const task = await add('a')
  await remove(task.id)
  await alice(boards.remove, { params: { id: todo!.id }, query: { moveTasksTo: doing!.id } })
  expect((await restore(task.id)).boardId).toBe(doing!.id)
})

test('after 30 days in the trash a task is gone for good, and the log no longer says what it said', async () => {
  const [old, young, kept] = [await add('old secret'), await add('young'), await add('kept')]
  await remove(old.id)
  await remove(young.id)
  await age('tasks', old.id, 31)
  await age('tasks', young.id, 29)
  await runPurge()
  expect(await service.rows('select id from tasks where id = $1', [old.id])).toEqual([])
  expect(await codeOf(restore(old.id))).toBe('NOT_FOUND')
  expect(await codeOf(restore(young.id))).toBe('OK')
  expect((await alice(tasks.get, { params: { id: kept.id } })).title).toBe('kept')
  const log = await alice(events.list, { params: { id: project.id }, query: { limit: 100 } })
  expect(JSON.stringify(log)).not.toContain('old secret')
  expect(log.items.map((e) => e.seq)).toEqual(log.items.map((_, i) => i + 1))
})

test('a deleted project is gone with all it had after 30 days, others stay', async () => {
  const other = await service.project()
  await add('a')
  await alice(projects.remove, { params: { id: project.id } })
  await runPurge()
  expect(await service.rows('select id from projects where id = $1', [project.id])).toHaveLength(1)
  await age('projects', project.id, 31)
  await runPurge()
  for (const table of ['projects where id', 'boards where project_id', 'tasks where project_id'])
    expect(await service.rows(`select id from ${table} = $1`, [project.id])).toEqual([])
  expect(await codeOf(alice(projects.get, { params: { id: other.id } }))).toBe('OK')
})

test('tasks on which a great deal was said go for good, with what the log says of it', async () => {
  const made = await Promise.all(Array.from({ length: 30 }, (_, i) => add(`much ${i}`)))
  const ids = made.map((task) => task.id)
  for (const id of ids) await remove(id)
  await service.rows(
    `insert into comments (id, task_id, project_id, author_id, author_name, content)
     select gen_random_uuid(), task, $2, $3, 'Alice', 'said' from unnest($1::uuid[]) task, generate_series(1, 5000)`,
    [ids, project.id, service.people.alice.id],
  )
  await service.rows(`update tasks set deleted_at = now() - interval '31 days' where id = any($1)`, [ids])
  await runPurge()
  expect(await service.rows('select id from tasks where id = any($1)', [ids])).toEqual([])
  expect(
    await service.rows(`select seq from kit.events where payload like '%"much %' and topic = $1`, [
      `project:${project.id}`,
    ]),
  ).toEqual([])
}, 60_000)

test('many tasks, in the trash or of a deleted project, go in parts that a transaction has time for, whatever was said on them', async () => {
  const fill = (deleted: string) =>
    service.rows(
      `insert into tasks (id, project_id, board_id, title, priority, status, rank, created_by, deleted_at)
       select gen_random_uuid(), $1, $2, 'task', 'low', 'todo', 'b' || n, $3, ${deleted} from generate_series(1, 120) n`,
      [project.id, project.boards[0]!.id, service.people.alice.id],
    )
  await service.rows('create table parts (n int)')
  await service.rows(`create function note_part() returns trigger language plpgsql as
    'begin insert into parts select count(*) from gone; return null; end'`)
  await service.rows(`create trigger part after delete on tasks referencing old table as gone
    for each statement execute function note_part()`)
  const parts = async () => {
    await runPurge()
    const rows = await service.rows<{ n: number }>('select n from parts where n > 0')
    await service.rows('truncate parts')
    return rows.map(({ n }) => n)
  }
  await fill(`now() - interval '31 days'`)
  expect(await parts()).toEqual([50, 50, 20])
  await fill('null')
  await alice(projects.remove, { params: { id: project.id } })
  await age('projects', project.id, 31)
  expect(await parts()).toEqual([50, 50, 20])
  expect(await service.rows('select id from projects where id = $1', [project.id])).toEqual([])
})
