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
