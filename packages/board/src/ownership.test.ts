import { members, projects, trello } from '@wealist/contract/board'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import type { Ask } from '@wealist/dev/testing/one-service'
import { trelloExport } from '@wealist/dev/testing/trello'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: BoardService
beforeAll(async () => void (service = await boardService()))
afterAll(() => service.stop())

type Who = { id: string }
const person = async (role: 'owner' | 'admin' | 'member'): Promise<Who> => {
  const made = { id: newId() }
  await service.setMember(made.id, role)
  return made
}
const give = (who: Who, id: string, userId: string) =>
  service.as(who)(members.transfer, { params: { id }, body: { userId } })
const rolesOf = async (id: string) =>
  Object.fromEntries(
    (
      await service.rows<{ user_id: string; role: string }>(
        'select user_id, role from project_members where project_id = $1',
        [id],
      )
    ).map((m) => [m.user_id, m.role]),
  )
const seen = (who: Who, id: string) => service.as(who)(projects.get, { params: { id } })
const listed = async (who: Who, id: string) =>
  (await service.as(who)(projects.list, { query: { workspaceId: service.workspaceId, limit: 100 } })).items.find(
    (p) => p.id === id,
  )?.myRole

test('an owner gives the project to a member and is an admin from then on; nobody else can', async () => {
  const { id } = await service.project()
  const { alice, bob, vera } = service.people
  expect(await codeOf(give(bob, id, bob.id))).toBe('FORBIDDEN')
  expect(await codeOf(give(alice, id, vera.id))).toBe('VALIDATION_ERROR')
  expect(await codeOf(give(alice, id, alice.id))).toBe('CONFLICT')
  expect(await give(alice, id, bob.id)).toMatchObject({ userId: bob.id, role: 'owner' })
  expect(await rolesOf(id)).toEqual({ [alice.id]: 'admin', [bob.id]: 'owner' })
  expect(await codeOf(give(alice, id, alice.id))).toBe('FORBIDDEN')
})

test('given to two people at the same moment it has one owner', async () => {
  const { id } = await service.project()
  const { alice, bob, vera } = service.people
  await service.as(alice)(members.add, { params: { id }, body: { userId: vera.id } })
  const codes = await Promise.all([bob.id, vera.id, bob.id, vera.id].map((to) => codeOf(give(alice, id, to))))
  expect(codes.toSorted()).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'OK'])
  expect(Object.values(await rolesOf(id)).toSorted()).toEqual(['admin', 'member', 'owner'])
})

test('a private project that everybody has left is the workspace’s admins’ to see, run and take over', async () => {
  const [maker, chief, deputy, other] = [
    await person('member'),
    await person('owner'),
    await person('admin'),
    await person('member'),
  ]
  const { id } = await service.as(maker!)(projects.create, {
    body: { workspaceId: service.workspaceId, name: 'Left', visibility: 'private' },
  })
  expect(await codeOf(seen(chief!, id))).toBe('NOT_FOUND')
  expect(await listed(chief!, id)).toBeUndefined()
  await service.setMember(maker!.id, null)
  await service.followDirectory()
  expect(await rolesOf(id)).toEqual({})
  expect((await seen(chief!, id)).myRole).toBe('owner')
  expect(await listed(chief!, id)).toBe('owner')
  expect(await listed(other!, id)).toBeUndefined()
  expect(await codeOf(seen(other!, id))).toBe('NOT_FOUND')
  expect(await codeOf(give(other!, id, other!.id))).toBe('NOT_FOUND')
  expect(await codeOf(give(chief!, id, other!.id))).toBe('VALIDATION_ERROR')

  const watching = service.listen(deputy!, id)
  await watching.open()
  await expect.poll(() => watching.ready).toBe(true)
  const codes = await Promise.all([chief!, deputy!, chief!].map((who) => codeOf(give(who, id, chief!.id))))
  expect(codes.filter((c) => c === 'OK')).toEqual(['OK'])
  expect(await rolesOf(id)).toEqual({ [chief!.id]: 'owner' })
  expect(await codeOf(seen(deputy!, id))).toBe('NOT_FOUND')
  await expect.poll(() => watching.code).toBe(4404)
})

test.each([
  ['makes', (ask: Ask, body: { workspaceId: string; name: string }) => ask(projects.create, { body })],
  [
    'imports',
    (ask: Ask, { workspaceId }: { workspaceId: string }) =>
      ask(trello.create, { body: { workspaceId, trello: trelloExport(1) as never } }),
  ],
])('whoever has just left %s no project, however much this process remembers of them', async (_, make) => {
  const maker = await person('member')
  const body = { workspaceId: service.workspaceId, name: 'Late' }
  await make(service.as(maker), body)
  await service.workspaces.set(service.workspaceId, maker.id, null)
  // Redis knows of it, and the message to this process is lost.
  await service.running.base.redis.incr(`membership:{${service.workspaceId}}`)
  expect(await codeOf(make(service.as(maker), body))).toBe('NOT_FOUND')
})

test('who leaves or deletes eight times at once does so once, and nobody waits for a deadlock', async () => {
  const { alice, bob } = service.people
  const { id } = await service.project()
  const eight = (work: () => Promise<unknown>) => Promise.all(Array.from({ length: 8 }, () => codeOf(work())))
  const bobLeaves = () => service.as(bob)(members.remove, { params: { id, userId: bob.id } })
  const aliceDeletes = () => service.as(alice)(projects.remove, { params: { id } })
  const begun = performance.now()
  for (const work of [bobLeaves, aliceDeletes]) {
    const codes = await eight(work)
    expect(codes.filter((code) => code === 'OK')).toHaveLength(1)
    expect(codes.filter((code) => code === 'NOT_FOUND')).toHaveLength(7)
  }
  // PostgreSQL looks for deadlocks after a second.
  expect(performance.now() - begun).toBeLessThan(1000)
})
