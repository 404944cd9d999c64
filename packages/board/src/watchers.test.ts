import { events, tasks, watchers } from '@wealist/contract/board'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: BoardService
beforeAll(async () => {
  service = await boardService()
})
afterAll(() => service.stop())

type Who = keyof BoardService['people']
const as = (who: Who) => service.as(service.people[who])
const begin = async (visibility: 'workspace' | 'private' = 'workspace') => {
  const project = await service.project({ visibility })
  const { id } = await as('alice')(tasks.create, { params: { id: project.boards[0]!.id }, body: { title: 'Tea' } })
  const params = (who: Who) => ({ params: { id, userId: service.people[who].id } })
  return {
    id,
    projectId: project.id,
    watch: (who: Who, whom = who) => as(who)(watchers.add, params(whom)),
    stop: (who: Who, whom = who) => as(who)(watchers.remove, params(whom)),
  }
}

test('whoever sees a task watches it, members for others who see it too; twice is once and no event', async () => {
  const { id, projectId, watch, stop } = await begin()
  expect((await watch('vera')).watcherIds).toEqual([service.people.vera.id])
  const again = await watch('vera')
  expect(again).toMatchObject({ watcherIds: [service.people.vera.id], version: 1 })
  await watch('alice', 'bob')
  expect(await codeOf(watch('vera', 'alice'))).toBe('FORBIDDEN')
  expect(await codeOf(stop('vera', 'bob'))).toBe('FORBIDDEN')
  expect(await codeOf(watch('alice', 'mallory'))).toBe('VALIDATION_ERROR')
  await stop('bob', 'vera')
  await stop('vera')
  expect((await stop('bob')).watcherIds).toEqual([])
  const log = (await as('alice')(events.list, { params: { id: projectId }, query: {} })).items
  expect(log.filter((e) => e.type === 'task.updated')).toHaveLength(4)
  expect((await as('alice')(tasks.get, { params: { id } })).version).toBe(1)
})

test('nobody is made to watch what they cannot see, and who cannot see it does not watch', async () => {
  const { id, watch } = await begin('private')
  expect(await codeOf(watch('alice', 'vera'))).toBe('VALIDATION_ERROR')
  expect(await codeOf(watch('vera'))).toBe('NOT_FOUND')
  await as('alice')(tasks.remove, { params: { id } })
  expect(await codeOf(watch('alice'))).toBe('NOT_FOUND')
})

test('a hundred people watch a task at most, also when many begin at once', async () => {
  const { id, watch } = await begin()
  await service.rows('update tasks set watcher_ids = $2 where id = $1', [id, Array.from({ length: 98 }, () => newId())])
  const codes = await Promise.all((['alice', 'bob', 'vera'] as const).map((who) => codeOf(watch(who))))
  expect(codes.toSorted()).toEqual(['CONFLICT', 'OK', 'OK'])
})
