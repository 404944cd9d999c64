import { boards, tasks } from '@wealist/contract/board'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

let service: BoardService
let project: Awaited<ReturnType<BoardService['project']>>
beforeAll(async () => void (service = await boardService()))
afterAll(() => service.stop())
beforeEach(async () => void (project = await service.project()))

const alice: BoardService['as'] extends (p: never) => infer A ? A : never = (route, input, headers) =>
  service.as(service.people.alice)(route, input, headers)
const add = (title: string, id = project.boards[0]!.id) => alice(tasks.create, { params: { id }, body: { title } })
const names = async () => (await alice(boards.list, { params: { id: project.id } })).items.map((b) => b.name)
const titles = async (id: string) => (await service.tasksOf(id)).map((t) => t.title)

test('boards are put at an index, counted without the one that is put; past the end is the end', async () => {
  const [todo, , done] = project.boards
  const reorder = (id: string, position: number) => alice(boards.reorder, { params: { id }, body: { position } })
  await reorder(done!.id, 0)
  expect(await names()).toEqual(['Done', 'To do', 'In progress'])
  await reorder(todo!.id, 99)
  expect(await names()).toEqual(['Done', 'In progress', 'To do'])
  await alice(boards.create, { params: { id: project.id }, body: { name: 'Review', position: 1 } })
  expect(await names()).toEqual(['Done', 'Review', 'In progress', 'To do'])
})

test('50 boards placed and made at once: one order, none lost', async () => {
  const at = (i: number) => (i * 7) % 5
  const answers = Array.from({ length: 50 }, (_, i) =>
    codeOf(
      i % 2
        ? alice(boards.create, { params: { id: project.id }, body: { name: `b${i}`, position: at(i) } })
        : alice(boards.reorder, { params: { id: project.boards[i % 3]!.id }, body: { position: at(i) } }),
    ),
  )
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['OK']))
  const { items } = await alice(boards.list, { params: { id: project.id } })
  expect(items).toHaveLength(28)
  expect(new Set(items.map((b) => b.rank)).size).toBe(28)
})

test('a board that goes hands its tasks over in order, and never without saying where', async () => {
  const [todo, doing] = project.boards
  await add('a')
  await add('b')
  await add('kept', doing!.id)
  const remove = (query: { moveTasksTo?: string }) => alice(boards.remove, { params: { id: todo!.id }, query })
  expect(await codeOf(remove({}))).toBe('CONFLICT')
  expect(await codeOf(remove({ moveTasksTo: todo!.id }))).toBe('VALIDATION_ERROR')
  await remove({ moveTasksTo: doing!.id })
  expect(await titles(doing!.id)).toEqual(['kept', 'a', 'b'])
  expect(await names()).toEqual(['In progress', 'Done'])
})

test('the last board stays', async () => {
  const [first, ...others] = project.boards
  for (const { id } of others) await alice(boards.remove, { params: { id } })
  expect(await codeOf(alice(boards.remove, { params: { id: first!.id } }))).toBe('CONFLICT')
})

test('a board goes while tasks are moved in, made in and restored to it: no task is lost', async () => {
  const [todo, doing, done] = project.boards
  const made = await Promise.all(Array.from({ length: 12 }, (_, i) => add(`t${i}`, i % 2 ? todo!.id : doing!.id)))
  const trashed = made.slice(0, 4)
  for (const { id } of trashed) await alice(tasks.remove, { params: { id } })
  const moved = made
    .slice(4)
    .map((t) => codeOf(alice(tasks.move, { params: { id: t.id }, body: { targetBoardId: todo!.id, position: 0 } })))
  const restored = trashed.map((t) => codeOf(alice(tasks.restore, { params: { id: t.id } })))
  const created = Array.from({ length: 4 }, (_, i) => codeOf(add(`new ${i}`)))
  const gone = codeOf(alice(boards.remove, { params: { id: todo!.id }, query: { moveTasksTo: done!.id } }))
  const answers = await Promise.all([...moved, ...created])
  for (const code of answers) expect(['OK', 'NOT_FOUND', 'VALIDATION_ERROR']).toContain(code)
  expect(new Set(await Promise.all(restored))).toEqual(new Set(['OK']))
  expect(await gone).toBe('OK')
  const all = [...(await service.tasksOf(doing!.id)), ...(await service.tasksOf(done!.id))]
  const stored = (await Promise.all(created)).filter((code) => code === 'OK').length
  expect(all).toHaveLength(12 + stored)
})

test('a board of more tasks than one transaction moves goes by and by: all follow in order, and the log tells of each', async () => {
  const [todo, doing] = project.boards
  await service.rows(
    `insert into tasks (id, project_id, board_id, title, priority, status, rank, created_by, deleted_at)
      select gen_random_uuid(), $1, $2, 't' || n, 'low', 'todo', 'b' || lpad(n::text, 6, '0'), $3, case when n > 2300 then now() end
      from generate_series(1, 3400) n`,
    [project.id, todo!.id, service.people.alice.id],
  )
  await alice(boards.remove, { params: { id: todo!.id }, query: { moveTasksTo: doing!.id } })
  expect(await names()).toEqual(['To do', 'In progress', 'Done'])
  await expect.poll(names, { timeout: 20_000 }).toEqual(['In progress', 'Done'])
  const moved = await service.rows<{ title: string; gone: boolean }>(
    'select title, deleted_at is not null as gone from tasks where board_id = $1 order by gone, rank',
    [doing!.id],
  )
  expect(moved).toHaveLength(3400)
  expect(moved.filter((t) => !t.gone).map((t) => t.title)).toEqual(Array.from({ length: 2300 }, (_, i) => `t${i + 1}`))
  const told = await service.rows<{ type: string; n: number }>(
    `select type, actor_id, count(distinct coalesce(subject::text, seq::text))::int as n from kit.events
      where topic = $1 and type in ('task.moved', 'board.deleted') group by 1, 2 order by min(seq)`,
    [`project:${project.id}`],
  )
  const by = { actor_id: service.people.alice.id }
  expect(told).toEqual([
    { type: 'task.moved', ...by, n: 2300 },
    { type: 'board.deleted', ...by, n: 1 },
  ])
})

test('while the tasks of a board move on nothing comes in, and where they go to stays; to delete it again changes nothing', async () => {
  const [todo, doing, done] = project.boards
  const task = await add('elsewhere', done!.id)
  await service.rows('update boards set moving_to = $2 where id = $1', [todo!.id, doing!.id])
  expect(await codeOf(add('new'))).toBe('CONFLICT')
  const move = { targetBoardId: todo!.id, position: 0 }
  expect(await codeOf(alice(tasks.move, { params: { id: task.id }, body: move }))).toBe('CONFLICT')
  const remove = (id: string, moveTasksTo: string) =>
    codeOf(alice(boards.remove, { params: { id }, query: { moveTasksTo } }))
  expect(await remove(doing!.id, done!.id)).toBe('CONFLICT')
  expect(await remove(done!.id, todo!.id)).toBe('VALIDATION_ERROR')
  expect(await remove(todo!.id, done!.id)).toBe('OK')
  expect(await names()).toEqual(['To do', 'In progress', 'Done'])
})

test('boards of another project are refused, wherever they are named', async () => {
  const foreign = (await service.project()).boards[0]!.id
  const task = await add('mine')
  const codes = [
    alice(tasks.move, { params: { id: task.id }, body: { targetBoardId: foreign, position: 0 } }),
    alice(boards.remove, { params: { id: project.boards[0]!.id }, query: { moveTasksTo: foreign } }),
  ]
  expect(await Promise.all(codes.map(codeOf))).toEqual(['VALIDATION_ERROR', 'VALIDATION_ERROR'])
  expect(await titles(project.boards[0]!.id)).toEqual(['mine'])
})
