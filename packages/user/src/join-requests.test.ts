import { joinRequests, workspaces } from '@wealist/contract/user'
import type { User } from '@wealist/contract/user/users'
import type { Workspace } from '@wealist/contract/user/workspaces'
import { atOnce, type UserService, userService } from '@wealist/dev/testing/user-service'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

let service: UserService
let [alice, bob, carol, mallory] = [] as unknown as [User, User, User, User]
let wonderland: Workspace
beforeAll(async () => {
  service = await userService()
  ;[alice, bob, carol, mallory] = (await Promise.all(
    ['Alice', 'Bob', 'Carol', 'Mallory'].map((name) => service.signUp(name)),
  )) as [User, User, User, User]
})
beforeEach(async () => void (wonderland = await service.workspace(alice, { isPublic: true })))
afterAll(() => service.stop())

const ask = (who: User, message: string | null = null) =>
  service.as(who)(joinRequests.create, { params: { id: wonderland.id }, body: { message } })
const list = (
  who: User,
  query: { status?: 'pending' | 'approved' | 'rejected'; limit?: number; cursor?: string } = {},
) => service.as(who)(joinRequests.list, { params: { id: wonderland.id }, query })
const decide = (who: User, requestId: string, status: 'approved' | 'rejected') =>
  service.as(who)(joinRequests.decide, { params: { id: wonderland.id, requestId }, body: { status } })
const roleOf = async (who: User) =>
  (await service.as(who)(workspaces.discover, { query: {} })).items.find((w) => w.id === wonderland.id)

test('who asks waits, an admin approves, and they are in', async () => {
  const request = await ask(bob, 'Tea?')
  expect(request).toMatchObject({ userId: bob.id, name: 'Bob', message: 'Tea?', status: 'pending', decidedAt: null })
  expect(await roleOf(bob)).toMatchObject({ requested: true, role: null })
  expect((await list(alice, { status: 'pending' })).items).toEqual([request])
  expect(await decide(alice, request.id, 'approved')).toMatchObject({ status: 'approved', decidedBy: alice.id })
  expect(await roleOf(bob)).toMatchObject({ requested: false, role: 'member', memberCount: 2 })
  await expect(ask(bob)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' })
})

test('one may wait once, however often one asks at the same moment, and ask again after a no', async () => {
  expect(await atOnce(8, () => ask(bob))).toEqual({ ok: 1, ALREADY_EXISTS: 7 })
  const [request] = (await list(alice)).items
  await decide(alice, request!.id, 'rejected')
  expect(await roleOf(bob)).toMatchObject({ requested: false, role: null })
  expect(await ask(bob)).toMatchObject({ status: 'pending' })
})

test('a request is decided once, even when it is approved and rejected at the same moment', async () => {
  const { id } = await ask(bob)
  expect(await atOnce(10, (i) => decide(alice, id, i % 2 ? 'approved' : 'rejected'))).toEqual({ ok: 1, CONFLICT: 9 })
  const [request] = (await list(alice)).items
  expect((await roleOf(bob))!.role).toBe(request!.status === 'approved' ? 'member' : null)
})

test('a workspace that requires no approval lets people in at once; a private one is not there', async () => {
  const change = (body: object) => service.as(alice)(workspaces.update, { params: { id: wonderland.id }, body })
  await change({ requiresApproval: false })
  expect(await ask(bob)).toMatchObject({ status: 'approved', decidedBy: null })
  expect(await roleOf(bob)).toMatchObject({ role: 'member' })
  await change({ isPublic: false })
  await expect(ask(carol)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('adding a person settles the request they had made', async () => {
  const { id } = await ask(bob)
  await service.join(alice, wonderland, bob)
  expect((await list(alice)).items).toMatchObject([{ id, status: 'approved', decidedBy: alice.id }])
  await expect(decide(alice, id, 'rejected')).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('only admins see and decide requests, and only those of their own workspace', async () => {
  const { id } = await ask(bob)
  await service.join(alice, wonderland, carol)
  await expect(list(carol)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(decide(carol, id, 'approved')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(list(mallory)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(decide(bob, id, 'approved')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const other = await service.workspace(mallory, { isPublic: true })
  await expect(
    service.as(mallory)(joinRequests.decide, { params: { id: other.id, requestId: id }, body: { status: 'approved' } }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await list(alice)).items).toMatchObject([{ status: 'pending' }])
})

test('requests come newest first, page by page', async () => {
  const asked = []
  for (const who of [bob, carol, mallory]) asked.unshift((await ask(who)).id)
  const first = await list(alice, { limit: 2 })
  const second = await list(alice, { limit: 2, cursor: first.nextCursor! })
  expect([...first.items, ...second.items].map((r) => r.id)).toEqual(asked)
  expect(second.nextCursor).toBe(null)
})
