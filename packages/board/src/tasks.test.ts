import { boards, members, projects, tasks } from '@wealist/contract/board'
import type { Task } from '@wealist/contract/board/tasks'
import { newId } from '@wealist/kit/ids'
import { oneService, type OneService } from '@wealist/dev/testing/one-service'
import { startWorkspaces } from '@wealist/dev/testing/workspaces'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Deps } from './deps.ts'
import { board } from './service.ts'

const alice = { id: newId(), name: 'Alice' }
const bob = { id: newId(), name: 'Bob' }
const viewer = { id: newId(), name: 'Vera' }
const stranger = { id: newId(), name: 'Mallory' }
const workspaceId = newId()
const statements: string[] = []

let workspaces: Awaited<ReturnType<typeof startWorkspaces>>
let service: OneService<Deps>
let project: Awaited<ReturnType<typeof makeProject>>

const makeProject = () => service.as(alice)(projects.create, { body: { workspaceId, name: 'Launch' } })
const add = (title: string, boardId = project.boards[0]!.id) =>
  service.as(alice)(tasks.create, { params: { id: boardId }, body: { title } })
const all = async (boardId = project.boards[0]!.id) => {
  const items: Task[] = []
  let cursor: string | undefined
  do {
    const page = await service.as(alice)(tasks.list, {
      params: { id: boardId },
      query: { limit: 100, ...(cursor && { cursor }) },
    })
    items.push(...page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor)
  return items
}
const titles = async (boardId?: string) => (await all(boardId)).map((t) => t.title)
const code = (work: Promise<unknown>) =>
  work.then(
    () => 'OK',
    (e: { code: string }) => e.code,
  )

beforeAll(async () => {
  workspaces = await startWorkspaces()
  for (const { id } of [alice, bob, viewer]) await workspaces.set(workspaceId, id, 'member')
  service = await oneService(board, { USER_URL: workspaces.url }, { observe: (text) => void statements.push(text) })
})
afterAll(async () => {
  await service.stop()
  await workspaces.stop()
})
beforeEach(async () => {
  project = await makeProject()
  await service.as(alice)(members.add, { params: { id: project.id }, body: { userId: bob.id } })
})

test('a new project has three boards, its maker owns it, and everybody in the workspace may view it', async () => {
  expect(project.boards.map((b) => b.name)).toEqual(['To do', 'In progress', 'Done'])
  expect(project.myRole).toBe('owner')
  expect((await service.as(viewer)(projects.get, { params: { id: project.id } })).myRole).toBe('viewer')
  expect(await code(service.as(stranger)(projects.get, { params: { id: project.id } }))).toBe('NOT_FOUND')
  const listed = await service.as(viewer)(projects.list, { query: { workspaceId } })
  expect(listed.items.map((p) => p.id)).toContain(project.id)
  expect(await code(service.as(stranger)(projects.list, { query: { workspaceId } }))).toBe('NOT_FOUND')
})

test('a private project is nobody else’s to see, in lists either', async () => {
  await service.as(alice)(projects.update, { params: { id: project.id }, body: { visibility: 'private' } })
  expect(await code(service.as(viewer)(projects.get, { params: { id: project.id } }))).toBe('NOT_FOUND')
  expect((await service.as(viewer)(projects.list, { query: { workspaceId } })).items.map((p) => p.id)).not.toContain(
    project.id,
  )
  expect((await service.as(bob)(projects.get, { params: { id: project.id } })).myRole).toBe('member')
})

test('a viewer may not write, a member may not run the project, an admin may not delete it', async () => {
  const task = await add('one')
  const params = { id: task.id }
  const refused = await Promise.all([
    code(service.as(viewer)(tasks.create, { params: { id: project.boards[0]!.id }, body: { title: 'no' } })),
    code(service.as(viewer)(tasks.update, { params, body: { title: 'no' } })),
    code(service.as(viewer)(tasks.move, { params, body: { targetBoardId: project.boards[1]!.id, position: 0 } })),
    code(service.as(viewer)(tasks.remove, { params })),
    code(service.as(bob)(projects.update, { params: { id: project.id }, body: { name: 'mine' } })),
    code(service.as(bob)(boards.remove, { params: { id: project.boards[2]!.id } })),
    code(service.as(bob)(projects.remove, { params: { id: project.id } })),
  ])
  expect(new Set(refused)).toEqual(new Set(['FORBIDDEN']))
})

test('100 parallel moves in one column: nothing lost, one order for everybody', async () => {
  const [column] = project.boards
  const made: Task[] = []
  for (let i = 0; i < 20; i++) made.push(await add(`task ${i}`))
  const answers = await Promise.allSettled(
    Array.from({ length: 100 }, (_, i) =>
      service.as(i % 2 ? alice : bob)(tasks.move, {
        params: { id: made[i % 20]!.id },
        body: { targetBoardId: column!.id, position: (i * 7) % 20 },
      }),
    ),
  )
  expect(answers.filter((a) => a.status === 'rejected')).toEqual([])
  const after = await all()
  expect(after.map((t) => t.id).toSorted()).toEqual(made.map((t) => t.id).toSorted())
  expect(new Set(after.map((t) => t.rank)).size).toBe(20)
  const asBob = await service.as(bob)(tasks.list, { params: { id: column!.id }, query: { limit: 100 } })
  expect(asBob.items.map((t) => t.id)).toEqual(after.map((t) => t.id))
  expect(after.every((t) => t.version === 1)).toBe(true)
})

test('20 parallel changes of one version: one wins, 19 are told so', async () => {
  const task = await add('contested')
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      code(
        service.as(alice)(tasks.update, { params: { id: task.id }, body: { title: `by ${i}` } }, { 'if-match': '"1"' }),
      ),
    ),
  )
  expect(answers.filter((a) => a === 'OK')).toHaveLength(1)
  expect(answers.filter((a) => a === 'VERSION_MISMATCH')).toHaveLength(19)
  expect((await service.as(alice)(tasks.get, { params: { id: task.id } })).version).toBe(2)
})

test('a move puts a task at the index, counted without it, and past the end is the end', async () => {
  const [todo, doing] = project.boards
  const [a, b, c] = [await add('a'), await add('b'), await add('c')]
  const move = (id: string, position: number, targetBoardId = todo!.id) =>
    service.as(alice)(tasks.move, { params: { id }, body: { targetBoardId, position } })
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

test('a board that goes hands its tasks over in order, and never without saying where', async () => {
  const [todo, doing] = project.boards
  await add('a')
  await add('b')
  await add('kept', doing!.id)
  expect(await code(service.as(alice)(boards.remove, { params: { id: todo!.id } }))).toBe('CONFLICT')
  await service.as(alice)(boards.remove, { params: { id: todo!.id }, query: { moveTasksTo: doing!.id } })
  expect(await titles(doing!.id)).toEqual(['kept', 'a', 'b'])
})

test('boards and tasks of another project are refused, wherever they are named', async () => {
  const other = await makeProject()
  const task = await add('mine')
  const foreign = other.boards[0]!.id
  expect(
    await code(
      service.as(alice)(tasks.move, { params: { id: task.id }, body: { targetBoardId: foreign, position: 0 } }),
    ),
  ).toBe('VALIDATION_ERROR')
  expect(
    await code(
      service.as(alice)(boards.remove, { params: { id: project.boards[0]!.id }, query: { moveTasksTo: foreign } }),
    ),
  ).toBe('VALIDATION_ERROR')
  expect(
    await code(service.as(alice)(tasks.assign, { params: { id: task.id }, body: { assigneeId: stranger.id } })),
  ).toBe('VALIDATION_ERROR')
})

test('the trash keeps a task, and a restored one is at the end of its board', async () => {
  const [a] = [await add('a'), await add('b')]
  await service.as(alice)(tasks.remove, { params: { id: a.id } })
  expect(await titles()).toEqual(['b'])
  expect(await code(service.as(alice)(tasks.get, { params: { id: a.id } }))).toBe('NOT_FOUND')
  await service.as(alice)(tasks.restore, { params: { id: a.id } })
  expect(await titles()).toEqual(['b', 'a'])
})

test('the same Idempotency-Key makes one task, also at once, and another body is refused', async () => {
  const params = { id: project.boards[0]!.id }
  const make = (title: string) =>
    service.as(alice)(tasks.create, { params, body: { title } }, { 'idempotency-key': 'k1' })
  const answers = await Promise.allSettled([make('x'), make('x'), make('x')])
  const made = answers.flatMap((a) => (a.status === 'fulfilled' ? [a.value.id] : []))
  expect(new Set(made).size).toBe(1)
  expect((await make('x')).id).toBe(made[0])
  expect(await code(make('y'))).toBe('IDEMPOTENCY_MISMATCH')
  expect(await titles()).toEqual(['x'])
})

test('a workspace that is deleted takes its projects along; a person who leaves it leaves its projects', async () => {
  const elsewhere = newId()
  await workspaces.set(elsewhere, alice.id, 'owner', service.running.base.redis)
  await workspaces.set(elsewhere, bob.id, 'member', service.running.base.redis)
  const doomed = await service.as(alice)(projects.create, { body: { workspaceId: elsewhere, name: 'Doomed' } })
  await service.as(alice)(members.add, { params: { id: doomed.id }, body: { userId: bob.id, role: 'admin' } })
  await workspaces.set(elsewhere, alice.id, null, service.running.base.redis)
  await service.running.deps.directory.pullOnce()
  expect(await code(service.as(alice)(projects.get, { params: { id: doomed.id } }))).toBe('NOT_FOUND')
  expect((await service.as(bob)(projects.get, { params: { id: doomed.id } })).myRole).toBe('owner')
  workspaces.deleteWorkspace(elsewhere)
  await service.running.deps.directory.pullOnce()
  const { rows } = await service.running.base.db.pool.query(
    'select from projects where id = $1 and deleted_at is null',
    [doomed.id],
  )
  expect(rows).toEqual([])
})

test.each([
  ['projects', () => service.as(alice)(projects.list, { query: { workspaceId } })],
  ['a project', () => service.as(alice)(projects.get, { params: { id: project.id } })],
  ['boards', () => service.as(alice)(boards.list, { params: { id: project.id } })],
  ['a board’s tasks', () => service.as(alice)(tasks.list, { params: { id: project.boards[0]!.id } })],
  ['members', () => service.as(alice)(members.list, { params: { id: project.id } })],
])('reading %s is one statement, however many there are', async (_, read) => {
  for (let i = 0; i < 5; i++) await add(`t${i}`)
  statements.length = 0
  await read()
  const own = statements.filter((s) => !/graphile|outbox/.test(s))
  expect(own).toHaveLength(1)
})

test('a move is a constant number of statements', async () => {
  const made = [await add('a'), await add('b'), await add('c')]
  const counts: number[] = []
  for (const task of made) {
    statements.length = 0
    await service.as(alice)(tasks.move, {
      params: { id: task.id },
      body: { targetBoardId: project.boards[1]!.id, position: 0 },
    })
    counts.push(statements.filter((s) => !/graphile|outbox/.test(s)).length)
  }
  expect(new Set(counts).size).toBe(1)
})
