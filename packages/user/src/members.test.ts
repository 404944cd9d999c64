import { cutOff } from '@wealist/dev/testing/redis'
import { internal, invitations, members, workspaces } from '@wealist/contract/user'
import type { User } from '@wealist/contract/user/users'
import type { Workspace } from '@wealist/contract/user/workspaces'
import { atOnce, type UserService, userService } from '@wealist/dev/testing/user-service'
import { ofRequests } from '@wealist/dev/testing/statements'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

let service: UserService
let [alice, bob, carol, mallory] = [] as unknown as [User, User, User, User]
let wonderland: Workspace
const { statements, observe } = ofRequests()
beforeAll(async () => {
  service = await userService({}, { observe })
  ;[alice, bob, carol, mallory] = (await Promise.all(
    ['Alice', 'Bob', 'Carol', 'Mallory'].map((name) => service.signUp(name)),
  )) as [User, User, User, User]
})
beforeEach(async () => void (wonderland = await service.workspace(alice)))
afterAll(() => service.stop())

const list = (who: User, query: { q?: string; limit?: number; cursor?: string } = {}) =>
  service.as(who)(members.list, { params: { id: wonderland.id }, query })
const add = (who: User, email: string, role: 'admin' | 'member' = 'member') =>
  service.as(who)(members.add, { params: { id: wonderland.id }, body: { email, role } })
const setRole = (who: User, userId: string, role: 'admin' | 'member') =>
  service.as(who)(members.update, { params: { id: wonderland.id, userId }, body: { role } })
const remove = (who: User, userId: string) => service.as(who)(members.remove, { params: { id: wonderland.id, userId } })
const membership = (who: User) =>
  service.internal(internal.membership, { params: { id: wonderland.id, userId: who.id } })

test('an account is added by its address, however it is spelt, and once', async () => {
  expect(await add(alice, ` ${bob.email.toUpperCase()} `)).toMatchObject({
    userId: bob.id,
    name: 'Bob',
    role: 'member',
  })
  await expect(add(alice, bob.email)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' })
  await expect(add(alice, 'nobody@example.com')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await atOnce(8, () => add(alice, carol.email))).toEqual({ ok: 1, ALREADY_EXISTS: 7 })
  expect((await service.as(bob)(workspaces.get, { params: { id: wonderland.id } })).memberCount).toBe(3)
})

test('strangers learn nothing: neither who is in a workspace nor who has an account', async () => {
  for (const ask of [
    () => list(mallory),
    () => list(mallory, { q: 'a' }),
    () => add(mallory, bob.email),
    () => add(mallory, 'nobody@example.com'),
    () => setRole(mallory, alice.id, 'member'),
    () => remove(mallory, alice.id),
    () => remove(mallory, mallory.id),
  ])
    await expect(ask()).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('workspace') })
})

test('admins bring in and remove members; the owner alone makes, unmakes and removes admins', async () => {
  await add(alice, bob.email, 'admin')
  await add(bob, carol.email)
  await expect(add(bob, mallory.email, 'admin')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(add(carol, mallory.email)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(setRole(bob, carol.id, 'admin')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(await setRole(alice, carol.id, 'admin')).toMatchObject({ role: 'admin' })
  await expect(remove(bob, carol.id)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(remove(bob, alice.id)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await setRole(alice, carol.id, 'member')
  await remove(bob, carol.id)
  await expect(remove(bob, carol.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('whoever was removed does not come back by an invitation from before, and by a new one does', async () => {
  const [alice, bob] = [await service.signUp('Alice'), await service.signUp('Bob')]
  const ws = await service.workspace(alice)
  const invite = () =>
    service.as(alice)(invitations.create, { params: { id: ws.id }, body: { email: bob.email, role: 'admin' } })
  const accept = (token: string) => service.as(bob)(invitations.accept, { params: { token } })
  const { token } = await invite()
  await service.join(alice, ws, bob)
  await service.as(alice)(members.remove, { params: { id: ws.id, userId: bob.id } })
  await expect(accept(token)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await accept((await invite()).token)
  expect((await service.as(bob)(workspaces.get, { params: { id: ws.id } })).id).toBe(ws.id)
})

test('where only the owner may invite, admins may not', async () => {
  await add(alice, bob.email, 'admin')
  await service.as(alice)(workspaces.update, { params: { id: wonderland.id }, body: { onlyOwnerCanInvite: true } })
  await expect(add(bob, carol.email)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(await add(alice, carol.email)).toMatchObject({ userId: carol.id })
})

test('everybody may leave but the owner, who stays until the workspace is handed over', async () => {
  await add(alice, bob.email)
  await remove(bob, bob.id)
  await expect(list(bob)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(remove(alice, alice.id)).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(setRole(alice, alice.id, 'member')).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('every change raises the version that caches go by, before its answer, and what changes nothing does not', async () => {
  const { redis } = service.running.base
  const versions: number[] = []
  const look = async () => {
    const { version } = await membership(bob)
    expect(Number(await redis.get(`membership:{${wonderland.id}}`))).toBe(version)
    versions.push(version)
  }
  await add(alice, bob.email)
  await look()
  await setRole(alice, bob.id, 'admin')
  await look()
  await setRole(alice, bob.id, 'admin')
  await look()
  await remove(alice, bob.id)
  await look()
  expect(versions).toEqual([2, 3, 3, 4])
})

test('a change that Redis did not hear of, because it was away, reaches it by a job', async () => {
  const { redis } = service.running.base
  await cutOff(redis)
  await add(alice, bob.email)
  await redis.connect()
  await expect.poll(() => redis.get(`membership:{${wonderland.id}}`), { timeout: 20_000, interval: 50 }).toBe('2')
})

test('who is removed while they change something either was faster or is refused', async () => {
  for (let i = 0; i < 5; i++) {
    await add(alice, bob.email, 'admin')
    const [removed, added] = await Promise.allSettled([remove(alice, bob.id), add(bob, carol.email)])
    expect(removed.status).toBe('fulfilled')
    if (added.status === 'rejected') expect(added.reason).toMatchObject({ code: 'NOT_FOUND' })
    else await remove(alice, carol.id)
  }
  const [row] = await service.rows<{ member_count: number; counted: number }>(
    `select member_count, (select count(*)::int from members where workspace_id = id) as counted from workspaces where id = $1`,
    [wonderland.id],
  )
  expect(row).toEqual({ member_count: 1, counted: 1 })
})

test('members come longest first, page by page, and are found by a part of name or address as it is written', async () => {
  await add(alice, bob.email)
  await add(alice, carol.email)
  const first = await list(bob, { limit: 2 })
  expect(first.items.map((m) => m.userId)).toEqual([alice.id, bob.id])
  statements.length = 0
  const second = await list(bob, { limit: 2, cursor: first.nextCursor! })
  // The list's own: a job that tells people may read at the same time.
  expect(statements.filter((s) => s.text.includes('joined_at'))).toHaveLength(1)
  expect(second).toMatchObject({ items: [{ userId: carol.id }], nextCursor: null })
  expect((await list(bob, { q: 'CAR' })).items.map((m) => m.name)).toEqual(['Carol'])
  expect((await list(bob, { q: carol.email })).items.map((m) => m.name)).toEqual(['Carol'])
  expect(await list(bob, { q: '%' })).toEqual({ items: [], nextCursor: null })
})
