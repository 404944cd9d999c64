import { events, tasks } from '@wealist/contract/board'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import type { Ask } from '@wealist/dev/testing/one-service'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: BoardService
let alice: Ask
beforeAll(async () => {
  service = await boardService()
  alice = service.as(service.people.alice)
})
afterAll(() => service.stop())

test('the log is read in dense pages from any seq on, whoever wrote at once', async () => {
  const { id, boards } = await service.project()
  await Promise.all(
    Array.from({ length: 30 }, (_, i) =>
      alice(tasks.create, { params: { id: boards[i % 3]!.id }, body: { title: `${i}` } }),
    ),
  )
  const seqs: number[] = []
  for (let after = 0; ;) {
    const page = await alice(events.list, { params: { id }, query: { after, limit: 7 } })
    expect(page).toMatchObject({ seq: 31, reset: false })
    if (page.items.length === 0) break
    seqs.push(...page.items.map((e) => e.seq))
    after = seqs.at(-1)!
  }
  expect(seqs).toEqual(Array.from({ length: 31 }, (_, i) => i + 1))
})

test('an event says who did it and carries the whole row as the answer did', async () => {
  const { id, boards } = await service.project()
  const task = await alice(tasks.create, { params: { id: boards[0]!.id }, body: { title: 'whole' } })
  const { items } = await alice(events.list, { params: { id }, query: { after: 1 } })
  expect(items).toMatchObject([{ seq: 2, type: 'task.created', actorId: service.people.alice.id }])
  expect(items[0]!.payload).toEqual(task)
})

test('what the log does not hold is a reset, never a part of it: ahead of it, and older than it', async () => {
  const { id, boards } = await service.project()
  for (const title of ['a', 'b', 'c']) await alice(tasks.create, { params: { id: boards[0]!.id }, body: { title } })
  const from = (after: number) => alice(events.list, { params: { id }, query: { after } })
  expect(await from(5)).toEqual({ items: [], seq: 4, reset: true })
  await service.rows(`delete from kit.events where topic = 'project:' || $1 and seq <= 2`, [id])
  expect(await from(1)).toEqual({ items: [], seq: 4, reset: true })
  expect((await from(2)).items).toHaveLength(2)
  expect(await from(4)).toEqual({ items: [], seq: 4, reset: false })
})

test('the log is for those who may see the project, and bad positions are 400', async () => {
  const { id } = await service.project({ visibility: 'private' })
  const read = (ask: Ask, query: object = {}) => codeOf(ask(events.list, { params: { id }, query }))
  expect(await read(service.as(service.people.bob))).toBe('OK')
  expect(await read(service.as(service.people.vera))).toBe('NOT_FOUND')
  expect(await read(service.as(service.people.mallory))).toBe('NOT_FOUND')
  for (const query of [{ after: -1 }, { after: 1.5 }, { after: 'x' }, { limit: 101 }, { after: 2 ** 60 }])
    expect(await read(alice, query)).toBe('VALIDATION_ERROR')
})
