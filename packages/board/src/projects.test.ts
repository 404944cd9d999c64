import { boards, members, projects, tasks } from '@wealist/contract/board'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: BoardService
beforeAll(async () => void (service = await boardService()))
afterAll(() => service.stop())

const as = (name: keyof BoardService['people']) => service.as(service.people[name])
const idOf = (name: keyof BoardService['people']) => service.people[name].id

test('a new project has three boards, its maker owns it, and everybody in the workspace may view it', async () => {
  const { id, boards: columns, myRole } = await service.project()
  expect(columns.map((b) => b.name)).toEqual(['To do', 'In progress', 'Done'])
  expect(myRole).toBe('owner')
  expect((await as('vera')(projects.get, { params: { id } })).myRole).toBe('viewer')
  expect(await codeOf(as('mallory')(projects.get, { params: { id } }))).toBe('NOT_FOUND')
  const query = { workspaceId: service.workspaceId }
  expect((await as('vera')(projects.list, { query })).items.map((p) => p.id)).toContain(id)
  expect(await codeOf(as('mallory')(projects.list, { query }))).toBe('NOT_FOUND')
  expect(await codeOf(as('mallory')(projects.create, { body: { ...query, name: 'mine' } }))).toBe('NOT_FOUND')
})

test('a private project is nobody else’s to see, in lists either', async () => {
  const { id } = await service.project({ visibility: 'private' })
  const listedTo = async (name: 'vera' | 'bob') =>
    (await as(name)(projects.list, { query: { workspaceId: service.workspaceId } })).items.some((p) => p.id === id)
  expect(await codeOf(as('vera')(projects.get, { params: { id } }))).toBe('NOT_FOUND')
  expect(await listedTo('vera')).toBe(false)
  expect((await as('bob')(projects.get, { params: { id } })).myRole).toBe('member')
  expect(await listedTo('bob')).toBe(true)
})

test('a viewer may not write, a member may not run the project, an admin may not delete it', async () => {
  const { id, boards: columns } = await service.project()
  const params = { id: columns[0]!.id }
  const task = await as('alice')(tasks.create, { params, body: { title: 'one' } })
  const one = { params: { id: task.id } }
  const refused = [
    as('vera')(tasks.create, { params, body: { title: 'no' } }),
    as('vera')(tasks.update, { ...one, body: { title: 'no' } }),
    as('vera')(tasks.assign, { ...one, body: { assigneeId: null } }),
    as('vera')(tasks.move, { ...one, body: { targetBoardId: columns[1]!.id, position: 0 } }),
    as('vera')(tasks.remove, one),
    as('vera')(boards.create, { params: { id }, body: { name: 'no' } }),
    as('vera')(boards.reorder, { params, body: { position: 1 } }),
    as('bob')(projects.update, { params: { id }, body: { name: 'mine' } }),
    as('bob')(members.add, { params: { id }, body: { userId: idOf('vera'), role: 'admin' } }),
    as('bob')(boards.remove, { params: { id: columns[2]!.id } }),
    as('bob')(projects.remove, { params: { id } }),
  ]
  expect(new Set(await Promise.all(refused.map(codeOf)))).toEqual(new Set(['FORBIDDEN']))
  await as('alice')(members.update, { params: { id, userId: idOf('bob') }, body: { role: 'admin' } })
  await as('bob')(projects.update, { params: { id }, body: { name: 'Ours' } })
  expect(await codeOf(as('bob')(projects.remove, { params: { id } }))).toBe('FORBIDDEN')
})

test('a person who is not in the workspace gets 404 for whatever they do', async () => {
  const { id, boards: columns } = await service.project()
  const board = { params: { id: columns[0]!.id } }
  const one = await as('alice')(tasks.create, { ...board, body: { title: 'one' } })
  const task = { params: { id: one.id } }
  const ask = as('mallory')
  const answers = [
    ask(projects.get, { params: { id } }),
    ask(projects.update, { params: { id }, body: { name: 'mine' } }),
    ask(projects.remove, { params: { id } }),
    ask(members.list, { params: { id }, query: {} }),
    ask(members.remove, { params: { id, userId: idOf('mallory') } }),
    ask(boards.list, { params: { id } }),
    ask(boards.get, board),
    ask(boards.update, { ...board, body: { name: 'mine' } }),
    ask(boards.remove, board),
    ask(tasks.list, { ...board, query: {} }),
    ask(tasks.create, { ...board, body: { title: 'mine' } }),
    ask(tasks.get, task),
    ask(tasks.update, { ...task, body: { title: 'mine' } }),
    ask(tasks.move, { ...task, body: { targetBoardId: columns[1]!.id, position: 0 } }),
    ask(tasks.remove, task),
    ask(tasks.restore, task),
  ]
  expect(new Set(await Promise.all(answers.map(codeOf)))).toEqual(new Set(['NOT_FOUND']))
})

test('a removal and a change at once: the change comes first or is refused, never after', async () => {
  const { id, boards: columns } = await service.project({ visibility: 'private' })
  const params = { id: columns[0]!.id }
  const changes = Array.from({ length: 20 }, (_, i) =>
    codeOf(as('bob')(tasks.create, { params, body: { title: `${i}` } })),
  )
  await as('alice')(members.remove, { params: { id, userId: idOf('bob') } })
  const stored = (await Promise.all(changes)).filter((code) => code === 'OK').length
  const log = await service.rows<{ type: string }>(
    `select type from kit.events where topic = 'project:' || $1 order by seq`,
    [id],
  )
  expect(log.at(-1)!.type).toBe('member.removed')
  expect(log.filter((e) => e.type === 'task.created')).toHaveLength(stored)
})

test('a deletion and changes at once: `project.deleted` is the last that the log says', async () => {
  const { id, boards: columns } = await service.project()
  const params = { id: columns[0]!.id }
  const changes = Array.from({ length: 20 }, (_, i) =>
    codeOf(as(i % 2 ? 'alice' : 'bob')(tasks.create, { params, body: { title: `${i}` } })),
  )
  const removals = [1, 2].map(() => codeOf(as('alice')(projects.remove, { params: { id } })))
  expect(new Set(await Promise.all(changes))).not.toContain('INTERNAL_ERROR')
  expect((await Promise.all(removals)).toSorted()).toEqual(['NOT_FOUND', 'OK'])
  const log = await service.rows<{ type: string }>(
    `select type from kit.events where topic = 'project:' || $1 order by seq`,
    [id],
  )
  expect(log.filter((e) => e.type === 'project.deleted')).toHaveLength(1)
  expect(log.at(-1)!.type).toBe('project.deleted')
})

test('20 parallel changes of one version of a project: one wins, 19 are told so', async () => {
  const { id, version } = await service.project()
  const answers = Array.from({ length: 20 }, (_, i) =>
    codeOf(as('alice')(projects.update, { params: { id }, body: { name: `by ${i}` } }, { 'if-match': `"${version}"` })),
  )
  const codes = await Promise.all(answers)
  expect(codes.filter((code) => code === 'OK')).toHaveLength(1)
  expect(codes.filter((code) => code === 'VERSION_MISMATCH')).toHaveLength(19)
})

test('a project never ends before it begins, also when only one of both is changed', async () => {
  const { id } = await service.project()
  const change = (body: object) => codeOf(as('alice')(projects.update, { params: { id }, body }))
  expect(await change({ startDate: '2026-05-01', dueDate: '2026-04-01' })).toBe('VALIDATION_ERROR')
  expect(await change({ startDate: '2026-05-01' })).toBe('OK')
  expect(await change({ dueDate: '2026-04-01' })).toBe('VALIDATION_ERROR')
  expect(await change({ dueDate: null })).toBe('OK')
})

test('a workspace that is deleted takes its projects along; who leaves it leaves its projects, which fall to the next', async () => {
  const elsewhere = newId()
  await service.setMember(idOf('alice'), 'owner', elsewhere)
  await service.setMember(idOf('bob'), 'member', elsewhere)
  const { id } = await as('alice')(projects.create, { body: { workspaceId: elsewhere, name: 'Doomed' } })
  await as('alice')(members.add, { params: { id }, body: { userId: idOf('bob'), role: 'admin' } })
  await service.setMember(idOf('alice'), null, elsewhere)
  await service.followDirectory()
  expect(await codeOf(as('alice')(projects.get, { params: { id } }))).toBe('NOT_FOUND')
  expect((await as('bob')(projects.get, { params: { id } })).myRole).toBe('owner')
  service.workspaces.deleteWorkspace(elsewhere)
  await service.followDirectory()
  expect(await service.rows('select from projects where id = $1 and deleted_at is null', [id])).toEqual([])
  const [last] = await service.rows<{ type: string }>(
    `select type from kit.events where topic = 'project:' || $1 order by seq desc limit 1`,
    [id],
  )
  expect(last!.type).toBe('project.deleted')
})

test('a project that was being made while its workspace was deleted ends, too', async () => {
  const elsewhere = newId()
  await service.setMember(idOf('alice'), 'owner', elsewhere)
  service.workspaces.deleteWorkspace(elsewhere)
  await service.followDirectory()
  // As it commits then; its membership is remembered.
  const { id } = await as('alice')(projects.create, { body: { workspaceId: service.workspaceId, name: 'Late' } })
  await service.rows('update projects set workspace_id = $2 where id = $1', [id, elsewhere])
  // Not before everything that was under way is over; here at once.
  const secondPass = `update graphile_worker._private_jobs j set run_at = now() from graphile_worker._private_tasks t
    where t.id = j.task_id and t.identifier = 'workspace.end' and strpos(j.payload::text, $1) > 0
      and j.run_at > now() + interval '45 seconds' returning j.id`
  await expect.poll(() => service.rows(secondPass, [elsewhere])).not.toEqual([])
  const living = () => service.rows('select from projects where id = $1 and deleted_at is null', [id])
  await expect.poll(living).toEqual([])
})
