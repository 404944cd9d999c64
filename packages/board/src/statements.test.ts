import { activity, boards, events, members, projects, search, tasks, trash } from '@wealist/contract/board'
import { type BoardService, boardService } from '@wealist/dev/testing/board-service'
import type { Ask } from '@wealist/dev/testing/one-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

type Project = Awaited<ReturnType<BoardService['project']>>
let service: BoardService
let alice: Ask
let bob: string
let small: Project
let large: Project

beforeAll(async () => {
  service = await boardService()
  alice = service.as(service.people.alice)
  bob = service.people.bob.id
  small = await service.project()
  large = await service.project()
  await fill(small, 3)
  await fill(large, 60)
  for (let i = 0; i < 10; i++) await alice(boards.create, { params: { id: large.id }, body: { name: `b${i}` } })
})
afterAll(() => service.stop())

const fill = async ({ boards: [column] }: Project, n: number) => {
  for (let i = 0; i < n; i++) await alice(tasks.create, { params: { id: column!.id }, body: { title: `t${i}` } })
}
const count = async (work: () => Promise<unknown>) => {
  service.statements.length = 0
  await work()
  return service.statements.length
}
test.each<[string, number, (p: Project) => Promise<unknown>]>([
  ['projects', 1, () => alice(projects.list, { query: { workspaceId: service.workspaceId } })],
  ['a project', 1, ({ id }) => alice(projects.get, { params: { id } })],
  ['members', 1, ({ id }) => alice(members.list, { params: { id }, query: {} })],
  ['boards', 1, ({ id }) => alice(boards.list, { params: { id } })],
  ['a board', 1, ({ boards: [b] }) => alice(boards.get, { params: { id: b!.id } })],
  ['a board’s tasks', 1, ({ boards: [b] }) => alice(tasks.list, { params: { id: b!.id }, query: { limit: 100 } })],
  ['found tasks', 1, ({ id }) => alice(search.list, { params: { id }, query: { q: 't1', sort: 'due', limit: 100 } })],
  ['the trash', 1, ({ id }) => alice(trash.list, { params: { id }, query: {} })],
  ['activity', 1, ({ id }) => alice(activity.list, { params: { id }, query: { limit: 100 } })],
  ['the log', 2, ({ id }) => alice(events.list, { params: { id }, query: { limit: 100 } })],
])('reading %s is %i statement(s), however much there is', async (_, expected, read) => {
  expect(await count(() => read(small))).toBe(expected)
  expect(await count(() => read(large))).toBe(expected)
})

// `begin`, the right, the work, the head with its event, `commit`; where the thing lies is known by now.
test.each<[string, number, (of: { task: { id: string }; here: string; there: string }) => Promise<unknown>]>([
  ['making a task', 7, ({ here: id }) => alice(tasks.create, { params: { id }, body: { title: 'new', position: 1 } })],
  ['changing a task', 5, ({ task }) => alice(tasks.update, { params: task, body: { title: 'changed' } })],
  ['assigning a task', 6, ({ task }) => alice(tasks.assign, { params: task, body: { assigneeId: bob } })],
  [
    'moving a task',
    7,
    ({ task, here }) => alice(tasks.move, { params: task, body: { targetBoardId: here, position: 1 } }),
  ],
  ['deleting a task', 5, ({ task }) => alice(tasks.remove, { params: task })],
  ['placing a board', 7, ({ here: id }) => alice(boards.reorder, { params: { id }, body: { position: 1 } })],
  [
    'deleting a board',
    11,
    ({ here: id, there }) => alice(boards.remove, { params: { id }, query: { moveTasksTo: there } }),
  ],
])('%s is %i statements, however much there is', async (_, expected, write) => {
  for (const { boards: columns } of [small, large]) {
    const [here, there] = columns.map((b) => b.id)
    const [first] = await service.tasksOf(here!)
    const task = { id: first!.id }
    await alice(tasks.move, { params: task, body: { targetBoardId: here!, position: 0 } })
    expect(await count(() => write({ task, here: here!, there: there! }))).toBe(expected)
  }
})

test('where something lies is asked once a process, and user-service at most once a person and request', async () => {
  const { id, boards: columns } = small
  const someone = { id: newId() }
  await service.setMember(someone.id, 'member')
  service.workspaces.state.asked = 0
  await service.as(someone)(projects.get, { params: { id } })
  await service.as(someone)(tasks.list, { params: { id: columns[1]!.id }, query: {} })
  expect(service.workspaces.state.asked).toBe(1)
})

test.each<[string, (someone: string, at: { board: string; task: string }) => Promise<unknown>]>([
  [
    'making a task for somebody',
    (assigneeId, { board: id }) => alice(tasks.create, { params: { id }, body: { title: 'new', assigneeId } }),
  ],
  ['assigning a task', (assigneeId, { task: id }) => alice(tasks.assign, { params: { id }, body: { assigneeId } })],
  ['adding a member', (userId) => alice(members.add, { params: { id: small.id }, body: { userId } })],
])('%s asks user-service once, about all whom it concerns, also when nothing is known', async (_, write) => {
  const board = small.boards[1]!.id
  const { id: task } = await alice(tasks.create, { params: { id: board }, body: { title: 'there' } })
  await service.idle()
  const someone = newId()
  // With the new version nothing that was known counts any more.
  await service.setMember(someone, 'member')
  service.workspaces.state.asked = 0
  await write(someone, { board, task })
  expect(service.workspaces.state.asked).toBe(1)
})
