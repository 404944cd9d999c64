import { customFields, projects, tasks } from '@wealist/contract/board'
import type { FieldType } from '@wealist/contract/board/custom-fields'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: BoardService
beforeAll(async () => {
  service = await boardService()
})
afterAll(() => service.stop())

const as = (who: keyof BoardService['people']) => service.as(service.people[who])
const add = (id: string, name: string, type: FieldType, more: object = {}) =>
  as('alice')(customFields.create, { params: { id }, body: { name, type, ...more } })
const change = (id: string, fieldId: string, body: object) =>
  as('alice')(customFields.update, { params: { id, fieldId }, body })
const task = (project: { boards: { id: string }[] }, fields: object) =>
  as('alice')(tasks.create, { params: { id: project.boards[0]!.id }, body: { title: 't', fields: fields as never } })
const set = (id: string, fields: object) =>
  as('alice')(tasks.update, { params: { id }, body: { fields: fields as never } })

test('fields lie in the order they are given, in their list and with the project', async () => {
  const { id } = await service.project()
  const [a, b, c] = [
    await add(id, 'A', 'text'),
    await add(id, 'B', 'number'),
    await add(id, 'C', 'date', { position: 0 }),
  ]
  expect(await codeOf(add(id, 'a', 'date'))).toBe('ALREADY_EXISTS')
  expect(await codeOf(as('bob')(customFields.create, { params: { id }, body: { name: 'D', type: 'text' } }))).toBe(
    'FORBIDDEN',
  )
  const order = async () => (await as('bob')(customFields.list, { params: { id } })).items.map((f) => f.id)
  expect(await order()).toEqual([c.id, a.id, b.id])
  await change(id, c.id, { position: 9 })
  expect(await order()).toEqual([a.id, b.id, c.id])
  expect((await as('bob')(projects.get, { params: { id } })).fields.map((f) => f.id)).toEqual(await order())
})

test('a value is of its field’s type; a person is in the project, an option is one of its own; null takes it away', async () => {
  const project = await service.project()
  const { id } = project
  const [text, number, date, person] = [
    await add(id, 'T', 'text'),
    await add(id, 'N', 'number'),
    await add(id, 'D', 'date'),
    await add(id, 'P', 'person'),
  ]
  const select = await add(id, 'S', 'select', { options: [{ name: 'x' }, { name: 'y' }] })
  const wrong: [string, unknown][] = [
    [text.id, 5],
    [number.id, '5'],
    [date.id, '2026-02-31'],
    [date.id, 'soon'],
    [person.id, service.people.vera.id],
    [person.id, 'bob'],
    [select.id, 'x'],
    [select.id, newId()],
    [newId(), 'x'],
  ]
  const made = await task(project, {})
  for (const [field, value] of wrong) expect(await codeOf(set(made.id, { [field]: value }))).toBe('VALIDATION_ERROR')
  const option = select.options[0]!.id
  const values = {
    [text.id]: '값',
    [number.id]: 1.5,
    [date.id]: '2026-02-28',
    [person.id]: service.people.bob.id,
    [select.id]: option,
  }
  expect((await task(project, values)).fields).toEqual(values)
  await set(made.id, values)
  const changed = await set(made.id, { [number.id]: 0, [text.id]: null })
  const { [text.id]: _, ...left } = values
  expect(changed.fields).toEqual({ ...left, [number.id]: 0 })
})

test('an option that a task has, even in the trash, is not lost; others go, and the rest keep their tasks', async () => {
  const project = await service.project()
  const { id } = project
  const { id: fieldId, options } = await add(id, 'S', 'select', {
    options: [{ name: 'x' }, { name: 'y' }, { name: 'z' }],
  })
  const [x, y, z] = options as [(typeof options)[0], (typeof options)[0], (typeof options)[0]]
  const made = await task(project, { [fieldId]: x.id })
  await as('alice')(tasks.remove, { params: { id: made.id } })
  await expect(change(id, fieldId, { options: [y, z] })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('1 task'),
  })
  const changed = await change(id, fieldId, { options: [{ ...x, name: 'X!' }, z, { name: 'new' }] })
  expect(changed.options.map((o) => o.name)).toEqual(['X!', 'z', 'new'])
  expect(changed.options[0]!.id).toBe(x.id)
  expect((await as('alice')(tasks.restore, { params: { id: made.id } })).fields).toEqual({ [fieldId]: x.id })
  expect(await codeOf(change(id, fieldId, { options: [{ id: newId(), name: 'q' }] }))).toBe('VALIDATION_ERROR')
  expect(await codeOf(change(id, fieldId, { options: [x, x] }))).toBe('VALIDATION_ERROR')
  expect(await codeOf(add(id, 'T', 'text', { options: [{ name: 'x' }] }))).toBe('VALIDATION_ERROR')
})

test('options that go while twenty tasks take one are on none of them', async () => {
  const project = await service.project()
  const { id } = project
  for (let round = 0; round < 4; round++) {
    const { id: fieldId, options } = await add(id, `S${round}`, 'select', { options: [{ name: 'x' }, { name: 'y' }] })
    const [x, y] = options
    const codes = await Promise.all([
      codeOf(change(id, fieldId, { options: [y] })),
      ...Array.from({ length: 20 }, () => codeOf(task(project, { [fieldId]: x!.id }))),
    ])
    for (const code of codes) expect(['OK', 'VALIDATION_ERROR', 'CONFLICT']).toContain(code)
    const { items } = await as('alice')(customFields.list, { params: { id } })
    const known = items.find((f) => f.id === fieldId)!.options.some((o) => o.id === x!.id)
    const having = await service.rows('select from tasks where fields ->> $1 = $2', [fieldId, x!.id])
    expect(known || having.length === 0).toBe(true)
  }
})

test('a field goes with its values, in the trash too, and its version protects it', async () => {
  const project = await service.project()
  const { id } = project
  const field = await add(id, 'N', 'number')
  const made = await task(project, { [field.id]: 7 })
  await as('alice')(tasks.remove, { params: { id: made.id } })
  const stale = as('alice')(
    customFields.update,
    { params: { id, fieldId: field.id }, body: { name: 'M' } },
    { 'if-match': '"7"' },
  )
  expect(await codeOf(stale)).toBe('VERSION_MISMATCH')
  await as('alice')(customFields.remove, { params: { id, fieldId: field.id } })
  expect((await as('alice')(tasks.restore, { params: { id: made.id } })).fields).toEqual({})
  expect(await codeOf(set(made.id, { [field.id]: 8 }))).toBe('VALIDATION_ERROR')
})
