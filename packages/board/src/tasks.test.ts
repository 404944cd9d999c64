import { boards, members, tasks } from '@wealist/contract/board'
import type { Task } from '@wealist/contract/board/tasks'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import type { Ask } from '@wealist/dev/testing/one-service'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

let service: BoardService
let project: Awaited<ReturnType<BoardService['project']>>
let alice: Ask
let bob: Ask
beforeAll(async () => {
  service = await boardService()
  alice = service.as(service.people.alice)
  bob = service.as(service.people.bob)
})
afterAll(() => service.stop())
beforeEach(async () => void (project = await service.project()))

const add = (title: string, id = project.boards[0]!.id) => alice(tasks.create, { params: { id }, body: { title } })
const titles = async (id = project.boards[0]!.id) => (await service.tasksOf(id)).map((t) => t.title)

test('100 parallel moves in one column: nothing lost, one order for everybody', async () => {
  const [column] = project.boards
  const made: Task[] = []
  for (let i = 0; i < 20; i++) made.push(await add(`task ${i}`))
  const answers = await Promise.allSettled(
    Array.from({ length: 100 }, (_, i) =>
      (i % 2 ? alice : bob)(tasks.move, {
        params: { id: made[i % 20]!.id },
        body: { targetBoardId: column!.id, position: (i * 7) % 20 },
      }),
    ),
  )
  expect(answers.filter((a) => a.status === 'rejected')).toEqual([])
  const after = await service.tasksOf(column!.id)
  expect(after.map((t) => t.id).toSorted()).toEqual(made.map((t) => t.id).toSorted())
  expect(new Set(after.map((t) => t.rank)).size).toBe(20)
  const asBob = await service.tasksOf(column!.id, service.people.bob, 7)
  expect(asBob.map((t) => t.id)).toEqual(after.map((t) => t.id))
  expect(after.every((t) => t.version === 1)).toBe(true)
})

test('100 parallel moves between columns, back and forth: every task is in one of them, once', async () => {
  const made = await Promise.all(Array.from({ length: 20 }, (_, i) => add(`task ${i}`, project.boards[i % 3]!.id)))
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      codeOf(
        bob(tasks.move, {
          params: { id: made[(i * 3) % 20]!.id },
          body: { targetBoardId: project.boards[i % 3]!.id, position: i % 4 },
        }),
      ),
    ),
  )
  expect(new Set(answers)).toEqual(new Set(['OK']))
  const columns = await Promise.all(project.boards.map((b) => service.tasksOf(b.id)))
  expect(
    columns
      .flat()
      .map((t) => t.id)
      .toSorted(),
  ).toEqual(made.map((t) => t.id).toSorted())
})

test('20 parallel changes of one version: one wins, 19 are told so', async () => {
  const task = await add('contested')
  const params = { id: task.id }
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      codeOf(alice(tasks.update, { params, body: { title: `by ${i}` } }, { 'if-match': '"1"' })),
    ),
  )
  expect(answers.filter((a) => a === 'OK')).toHaveLength(1)
  expect(answers.filter((a) => a === 'VERSION_MISMATCH')).toHaveLength(19)
  expect((await alice(tasks.get, { params })).version).toBe(2)
})

test('a move neither raises the version nor undoes a change that is made meanwhile', async () => {
  const task = await add('before')
  const params = { id: task.id }
  await alice(tasks.move, { params, body: { targetBoardId: project.boards[1]!.id, position: 0 } })
  const changed = await alice(tasks.update, { params, body: { title: 'after' } }, { 'if-match': '"1"' })
  expect(changed).toMatchObject({ version: 2, title: 'after', boardId: project.boards[1]!.id })
})

test('a move puts a task at the index, counted without it, and past the end is the end', async () => {
  const [todo, doing] = project.boards
  const [a, b, c] = [await add('a'), await add('b'), await add('c')]
  const move = (id: string, position: number, targetBoardId = todo!.id) =>
    alice(tasks.move, { params: { id }, body: { targetBoardId, position } })
  await move(c.id, 0)
  expect(await titles()).toEqual(['c', 'a', 'b'])
  await move(c.id, 1)
  expect(await titles()).toEqual(['a', 'c', 'b'])
  await move(a.id, 99)
  expect(await titles()).toEqual(['c', 'b', 'a'])
  await move(b.id, 5, doing!.id)
  expect(await titles()).toEqual(['c', 'a'])
  expect(await titles(doing!.id)).toEqual(['b'])
})

test('a change touches only what it names, and null takes away', async () => {
  const { id } = project.boards[0]!
  const body = { title: 'whole', description: 'd', dueDate: '2026-12-01T10:00:00Z', assigneeId: service.people.bob.id }
  const task = await alice(tasks.create, { params: { id }, body })
  const one = { params: { id: task.id } }
  const renamed = await bob(tasks.update, { ...one, body: { title: 'renamed' } })
  expect(renamed).toEqual({ ...task, title: 'renamed', version: 2, updatedAt: renamed.updatedAt })
  const bare = await bob(tasks.update, { ...one, body: { dueDate: null, description: '' } })
  expect(bare).toMatchObject({ dueDate: null, description: '', assigneeId: body.assigneeId, title: 'renamed' })
  expect((await bob(tasks.assign, { ...one, body: { assigneeId: null } })).assigneeId).toBeNull()
})

test('a task is given to nobody who cannot see the project', async () => {
  const hidden = await service.project({ visibility: 'private' })
  const { bob: member, vera, mallory } = service.people
  const task = await add('open')
  const secret = await add('secret', hidden.boards[0]!.id)
  const assign = (id: string, assigneeId: string) =>
    codeOf(alice(tasks.assign, { params: { id }, body: { assigneeId } }))
  expect(await assign(task.id, mallory.id)).toBe('VALIDATION_ERROR')
  expect(await assign(task.id, vera.id)).toBe('OK')
  expect(await assign(secret.id, vera.id)).toBe('VALIDATION_ERROR')
  expect(await assign(secret.id, member.id)).toBe('OK')
  const body = { title: 'no', assigneeId: vera.id }
  expect(await codeOf(alice(tasks.create, { params: { id: hidden.boards[0]!.id }, body }))).toBe('VALIDATION_ERROR')
})

test('a task of who left since is changed by a form that names them as before, and given to them by nobody', async () => {
  const hidden = await service.project({ visibility: 'private' })
  const { bob: member } = service.people
  const [task, other] = [await add('theirs', hidden.boards[0]!.id), await add('open', hidden.boards[0]!.id)]
  const assigneeId = member.id
  await alice(tasks.assign, { params: { id: task.id }, body: { assigneeId } })
  await alice(members.remove, { params: { id: hidden.id, userId: member.id } })
  const change = (id: string) => codeOf(alice(tasks.update, { params: { id }, body: { title: 'renamed', assigneeId } }))
  expect([await change(task.id), await change(other.id)]).toEqual(['OK', 'VALIDATION_ERROR'])
})

test('the same Idempotency-Key makes one task, also at once, and another body is refused', async () => {
  const params = { id: project.boards[0]!.id }
  const make = (title: string) => alice(tasks.create, { params, body: { title } }, { 'idempotency-key': 'k1' })
  const answers = await Promise.allSettled([make('x'), make('x'), make('x')])
  const made = answers.flatMap((a) => (a.status === 'fulfilled' ? [a.value.id] : []))
  expect(new Set(made).size).toBe(1)
  expect((await make('x')).id).toBe(made[0])
  expect(await codeOf(make('y'))).toBe('IDEMPOTENCY_MISMATCH')
  expect(await titles()).toEqual(['x'])
})

test('a cursor of one board is refused by another', async () => {
  await add('a')
  await add('b')
  const [first, second] = project.boards
  const { nextCursor } = await alice(tasks.list, { params: { id: first!.id }, query: { limit: 1 } })
  const query = { limit: 1, cursor: nextCursor! }
  expect(await codeOf(alice(tasks.list, { params: { id: first!.id }, query }))).toBe('OK')
  expect(await codeOf(alice(tasks.list, { params: { id: second!.id }, query }))).toBe('VALIDATION_ERROR')
  expect(await codeOf(alice(boards.list, { params: { id: project.id }, query } as never))).toBe('VALIDATION_ERROR')
})

test('ranks that grew too long are evened out by a job: the same order, told to whoever listens', async () => {
  const [todo] = project.boards
  const [a, b, c] = [await add('a'), await add('b'), await add('c')]
  const long = `a1${'V'.repeat(70)}`
  await service.rows('update tasks set rank = $2 where id = $1', [a.id, long])
  await service.rows('update tasks set rank = $2 where id = $1', [b.id, `${long}V`])
  const bobs = service.listen(service.people.bob, project.id)
  await bobs.open()
  await bobs.read()
  await alice(tasks.move, { params: { id: c.id }, body: { targetBoardId: todo!.id, position: 1 } })
  await expect
    .poll(async () => Math.max(...(await service.tasksOf(todo!.id)).map((t) => t.rank.length)))
    .toBeLessThan(10)
  expect(await titles()).toEqual(['a', 'c', 'b'])
  await expect.poll(() => bobs.state.columns[0]!.tasks).toEqual(await service.tasksOf(todo!.id))
  bobs.close()
})

test('an id of another kind is nothing: a task’s is no project’s, also after it was used', async () => {
  const { id } = await add('one')
  await alice(tasks.update, { params: { id }, body: { title: 'two' } })
  expect(await codeOf(alice(boards.create, { params: { id }, body: { name: 'no' } }))).toBe('NOT_FOUND')
})
