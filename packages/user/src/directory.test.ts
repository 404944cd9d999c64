import { internal, members, workspaces } from '@wealist/contract/user'
import type { User } from '@wealist/contract/user/users'
import { type UserService, userService } from '@wealist/dev/testing/user-service'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: UserService
let people: User[]
beforeAll(async () => {
  service = await userService()
  people = await Promise.all(['Alice', 'Bob', 'Carol', 'Dinah'].map((name) => service.signUp(name)))
})
afterAll(() => service.stop())

const read = (after: number, limit?: number) => service.internal(internal.directory, { query: { after, limit } })

test('what happens at the same moment comes dense and in order, and leads to the memberships as they are', async () => {
  const from = (await read(0)).head
  const [alice, ...others] = people as [User, ...User[]]
  await Promise.all(
    Array.from({ length: 6 }, async (_, i) => {
      const workspace = await service.workspace(alice, { name: `W${i}` })
      await Promise.allSettled(others.map((who) => service.join(alice, workspace, who)))
      if (i % 2) await service.as(alice)(members.remove, { params: { id: workspace.id, userId: others[0]!.id } })
      if (i === 5) await service.as(alice)(workspaces.remove, { params: { id: workspace.id } })
    }),
  )
  const { head } = await read(from, 1)
  const roles = new Map<string, string>()
  for (let after = from; after < head;) {
    const { items } = await read(after, 7)
    expect(items.map((e) => e.seq)).toEqual(items.map((_, i) => after + 1 + i))
    for (const event of items) {
      if (event.type === 'workspace.deleted')
        for (const key of roles.keys()) if (key.startsWith(event.payload.workspaceId)) roles.delete(key)
      if (event.type !== 'member.changed') continue
      const { workspaceId, userId, role } = event.payload
      if (role) roles.set(`${workspaceId} ${userId}`, role)
      else roles.delete(`${workspaceId} ${userId}`)
    }
    after = items.at(-1)!.seq
  }
  const rows = await service.rows<{ key: string; role: string }>(
    `select workspace_id || ' ' || user_id as key, role from members`,
  )
  expect(roles).toEqual(new Map(rows.map((r) => [r.key, r.role])))
  expect(await read(head)).toEqual({ items: [], head })
})

test('a change that is rolled back leaves neither an event nor a hole', async () => {
  const [alice, bob] = people as [User, User]
  const workspace = await service.workspace(alice)
  const { head } = await read(0, 1)
  await expect(service.as(bob)(workspaces.remove, { params: { id: workspace.id } })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  expect((await read(0, 1)).head).toBe(head)
})

test('of a workspace that never was nobody is a member, at version 0', async () => {
  const params = { id: people[0]!.id, userId: people[0]!.id }
  expect(await service.internal(internal.membership, { params })).toEqual({ role: null, version: 0 })
  const none = { items: [], version: 0 }
  expect(await service.internal(internal.memberships, { params, body: { ids: [params.id] } })).toEqual(none)
})

test('of many people those in the workspace are told, with its version, as they are told one by one', async () => {
  const [alice, bob, carol] = people as [User, User, User]
  const workspace = await service.workspace(alice)
  await service.join(alice, workspace, bob)
  const params = { id: workspace.id }
  const ids = [alice.id, bob.id, carol.id]
  const { items, version } = await service.internal(internal.memberships, { params, body: { ids } })
  for (const userId of ids)
    expect(await service.internal(internal.membership, { params: { ...params, userId } })).toEqual({
      role: items.find((m) => m.userId === userId)?.role ?? null,
      version,
    })
  expect(items.map((m) => m.role).toSorted()).toEqual(['member', 'owner'])
})
