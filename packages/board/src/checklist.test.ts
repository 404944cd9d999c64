import { checklist, tasks } from '@wealist/contract/board'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: BoardService
beforeAll(async () => {
  service = await boardService()
})
afterAll(() => service.stop())

const as = (who: keyof BoardService['people']) => service.as(service.people[who])
const newTask = async () => {
  const { boards } = await service.project()
  return as('alice')(tasks.create, { params: { id: boards[0]!.id }, body: { title: 't' } })
}
const add = (id: string, title: string, position?: number) =>
  as('bob')(checklist.create, { params: { id }, body: { title, ...(position !== undefined && { position }) } })
const titles = async (id: string) => (await as('vera')(checklist.list, { params: { id } })).items.map((i) => i.title)

test('steps lie where they were put; viewers read them and change nothing, a stale change is refused', async () => {
  const { id } = await newTask()
  const first = await add(id, 'a')
  await add(id, 'c')
  await add(id, 'b', 1)
  expect(await titles(id)).toEqual(['a', 'b', 'c'])
  const params = { id, itemId: first.id }
  await as('bob')(checklist.update, { params, body: { position: 2, isDone: true } }, { 'if-match': '"1"' })
  expect(await titles(id)).toEqual(['b', 'c', 'a'])
  const old = as('bob')(checklist.update, { params, body: { title: 'x' } }, { 'if-match': '"1"' })
  expect(await codeOf(old)).toBe('VERSION_MISMATCH')
  expect(await codeOf(as('vera')(checklist.create, { params: { id }, body: { title: 'x' } }))).toBe('FORBIDDEN')
  const { id: other } = await newTask()
  expect(await codeOf(as('bob')(checklist.remove, { params: { id: other, itemId: first.id } }))).toBe('NOT_FOUND')
  await as('alice')(tasks.remove, { params: { id } })
  expect(await codeOf(add(id, 'late'))).toBe('NOT_FOUND')
})

test('counts are those of the rows while many add, tick and delete at once, and 100 is the end', async () => {
  const { id } = await newTask()
  const made = await Promise.all(Array.from({ length: 20 }, (_, i) => add(id, `s${i}`)))
  await Promise.all(
    made.flatMap((item, i) => {
      const params = { id, itemId: item.id }
      const tick = codeOf(as('bob')(checklist.update, { params, body: { isDone: true } }))
      return i % 3 === 0 ? [tick, codeOf(as('bob')(checklist.remove, { params }))] : [tick]
    }),
  )
  expect((await as('bob')(tasks.get, { params: { id } })).counts).toMatchObject({ checklist: 13, checklistDone: 13 })
  const codes = await Promise.all(Array.from({ length: 90 }, (_, i) => codeOf(add(id, `t${i}`))))
  expect(codes.filter((c) => c === 'CONFLICT')).toHaveLength(3)
  expect((await as('bob')(tasks.get, { params: { id } })).counts.checklist).toBe(100)
})
