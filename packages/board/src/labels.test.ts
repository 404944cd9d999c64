import { labels, projects, tasks } from '@wealist/contract/board'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: BoardService
beforeAll(async () => {
  service = await boardService()
})
afterAll(() => service.stop())

const as = (who: keyof BoardService['people']) => service.as(service.people[who])
const add = (id: string, name: string) => as('alice')(labels.create, { params: { id }, body: { name } })
const task = (project: { boards: { id: string }[] }, body: object) =>
  as('alice')(tasks.create, { params: { id: project.boards[0]!.id }, body: { title: 't', ...body } })

test('a project’s labels come by name, in their list and with the project; a name is there once, whatever its case', async () => {
  const { id } = await service.project()
  for (const name of ['zebra', 'Bug', '급함']) await add(id, name)
  expect(await codeOf(add(id, 'BUG'))).toBe('ALREADY_EXISTS')
  const { items, seq } = await as('bob')(labels.list, { params: { id } })
  expect(items.map((l) => l.name)).toEqual(['Bug', 'zebra', '급함'])
  const detail = await as('bob')(projects.get, { params: { id } })
  expect(detail).toMatchObject({ labels: items, seq })
  const params = { id, labelId: items[1]!.id }
  expect(await codeOf(as('alice')(labels.update, { params, body: { name: 'bug' } }))).toBe('ALREADY_EXISTS')
  const renamed = await as('alice')(labels.update, { params, body: { name: 'Horse' } }, { 'if-match': '"1"' })
  expect(renamed).toMatchObject({ name: 'Horse', version: 2 })
  const stale = as('alice')(labels.update, { params, body: { name: 'Cow' } }, { 'if-match': '"1"' })
  expect(await codeOf(stale)).toBe('VERSION_MISMATCH')
})

test('members make labels, admins delete them, viewers do neither, and no label is changed through another project', async () => {
  const [{ id }, other] = [await service.project(), await service.project()]
  const { id: labelId } = await add(id, 'Bug')
  expect(await codeOf(as('vera')(labels.create, { params: { id }, body: { name: 'x' } }))).toBe('FORBIDDEN')
  expect((await as('bob')(labels.create, { params: { id }, body: { name: 'x' } })).name).toBe('x')
  expect(await codeOf(as('bob')(labels.remove, { params: { id, labelId } }))).toBe('FORBIDDEN')
  expect(await codeOf(as('alice')(labels.remove, { params: { id: other.id, labelId } }))).toBe('NOT_FOUND')
  const astray = { params: { id: other.id, labelId }, body: { name: 'y' } }
  expect(await codeOf(as('alice')(labels.update, astray))).toBe('NOT_FOUND')
})

test('a task has labels of its project alone, each once, and loses one with its deletion, in the trash too', async () => {
  const [project, other] = [await service.project(), await service.project()]
  const [bug, urgent] = [await add(project.id, 'Bug'), await add(project.id, 'Urgent')]
  const foreign = await add(other.id, 'Foreign')
  expect(await codeOf(task(project, { labelIds: [foreign.id] }))).toBe('VALIDATION_ERROR')
  expect(await codeOf(task(project, { labelIds: [bug.id, bug.id] }))).toBe('VALIDATION_ERROR')
  const [first, second] = [
    await task(project, { labelIds: [bug.id, urgent.id] }),
    await task(project, { labelIds: [bug.id] }),
  ]
  expect(first.labelIds).toEqual([bug.id, urgent.id])
  await as('alice')(tasks.remove, { params: { id: second.id } })
  await as('alice')(labels.remove, { params: { id: project.id, labelId: bug.id } })
  expect((await as('alice')(tasks.get, { params: { id: first.id } })).labelIds).toEqual([urgent.id])
  expect((await as('alice')(tasks.restore, { params: { id: second.id } })).labelIds).toEqual([])
})

test('a label that is deleted while twenty tasks take it is left on none of them', async () => {
  const project = await service.project()
  for (let round = 0; round < 5; round++) {
    const { id: labelId } = await add(project.id, `L${round}`)
    const made = await Promise.all(Array.from({ length: 10 }, () => task(project, {})))
    const taking = made.flatMap(({ id }) => [
      codeOf(as('alice')(tasks.update, { params: { id }, body: { labelIds: [labelId] } })),
      codeOf(task(project, { labelIds: [labelId] })),
    ])
    const [gone, ...codes] = await Promise.all([
      codeOf(as('alice')(labels.remove, { params: { id: project.id, labelId } })),
      ...taking,
    ])
    expect(gone).toBe('OK')
    for (const code of codes) expect(['OK', 'VALIDATION_ERROR']).toContain(code)
    expect(await service.rows('select from tasks where $1 = any(label_ids)', [labelId])).toHaveLength(0)
  }
})

test('a project has 100 labels at most', async () => {
  const { id } = await service.project()
  await service.rows(
    `insert into labels (id, project_id, name, color) select gen_random_uuid(), $1, 'l' || n, '#000000' from generate_series(1, 100) n`,
    [id],
  )
  expect(await codeOf(add(id, 'one more'))).toBe('CONFLICT')
  expect(await codeOf(as('alice')(labels.remove, { params: { id, labelId: newId() } }))).toBe('NOT_FOUND')
})
