import { internal, members, workspaces } from '@wealist/contract/user'
import type { User } from '@wealist/contract/user/users'
import { atOnce, type UserService, userService } from '@wealist/dev/testing/user-service'
import { ofRequests } from '@wealist/dev/testing/statements'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: UserService
let alice: User
let bob: User
let carol: User
let mallory: User
const { statements, observe } = ofRequests()
beforeAll(async () => {
  service = await userService({}, { observe })
  ;[alice, bob, carol, mallory] = (await Promise.all(
    ['Alice', 'Bob', 'Carol', 'Mallory'].map((name) => service.signUp(name)),
  )) as [User, User, User, User]
})
afterAll(() => service.stop())

const get = (who: User, id: string) => service.as(who)(workspaces.get, { params: { id } })
const membership = (id: string, who: User) => service.internal(internal.membership, { params: { id, userId: who.id } })

test('who makes a workspace owns it, and others do not know that it exists', async () => {
  const made = await service.workspace(alice, { name: ' Wonderland ', description: 'Mad' })
  expect(made).toMatchObject({
    name: 'Wonderland',
    description: 'Mad',
    role: 'owner',
    ownerId: alice.id,
    memberCount: 1,
  })
  expect(await get(alice, made.id)).toEqual(made)
  await expect(get(mallory, made.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  for (const route of [workspaces.update, workspaces.remove, workspaces.transfer] as const)
    await expect(
      service.as(mallory)(route as typeof workspaces.transfer, {
        params: { id: made.id },
        body: (route === workspaces.remove
          ? undefined
          : route === workspaces.update
            ? { name: 'Mine' }
            : { userId: mallory.id }) as never,
      }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await get(alice, made.id)).toEqual(made)
})

test('my workspaces come by name, page by page, in one statement a page', async () => {
  const dinah = await service.signUp('Dinah')
  for (const name of ['d', 'a', 'c', 'b', 'a']) await service.workspace(dinah, { name })
  const names: string[] = []
  let cursor: string | undefined
  statements.length = 0
  do {
    const page = await service.as(dinah)(workspaces.list, { query: { limit: 2, cursor } })
    names.push(...page.items.map((w) => w.name))
    cursor = page.nextCursor ?? undefined
  } while (cursor)
  expect(names).toEqual(['a', 'a', 'b', 'c', 'd'])
  expect(statements).toHaveLength(3)
})

test('a cursor of another list, or one that was made up, is 400', async () => {
  const { nextCursor } = await service.as(alice)(workspaces.discover, { query: { limit: 1 } })
  const forged = Buffer.from(JSON.stringify(['x', 'y'])).toString('base64url')
  for (const cursor of [nextCursor ?? forged, forged, 'nonsense'])
    await expect(service.as(alice)(workspaces.list, { query: { cursor } })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    })
})

test('admins change a workspace, the owner alone decides who may invite, members change nothing', async () => {
  const { id } = await service.workspace(alice)
  await service.join(alice, { id }, bob, 'admin')
  await service.join(alice, { id }, carol)
  const change = (who: User, body: object) => service.as(who)(workspaces.update, { params: { id }, body })
  expect(await change(bob, { name: 'Looking glass', description: null })).toMatchObject({
    name: 'Looking glass',
    role: 'admin',
  })
  await expect(change(bob, { onlyOwnerCanInvite: true })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(change(carol, { name: 'Mine' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(await change(alice, { onlyOwnerCanInvite: true })).toMatchObject({
    onlyOwnerCanInvite: true,
    name: 'Looking glass',
  })
  await expect(service.as(bob)(workspaces.remove, { params: { id } })).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('where only the owner may invite, no admin opens the door to everybody: not at once, and not in two steps', async () => {
  const { id } = await service.workspace(alice, { onlyOwnerCanInvite: true })
  await service.join(alice, { id }, bob, 'admin')
  const change = (who: User, body: object) => service.as(who)(workspaces.update, { params: { id }, body })
  const refused = { code: 'FORBIDDEN', message: 'Only the owner decides who may invite.' }
  await expect(change(bob, { isPublic: true, requiresApproval: false })).rejects.toMatchObject(refused)
  await change(bob, { isPublic: true })
  await expect(change(bob, { requiresApproval: false })).rejects.toMatchObject(refused)
  await change(bob, { isPublic: false })
  await change(bob, { requiresApproval: false })
  await expect(change(bob, { isPublic: true })).rejects.toMatchObject(refused)
  await change(alice, { isPublic: true })
  // What the owner opened is open already.
  expect(await change(bob, { name: 'Open', isPublic: true, requiresApproval: false })).toMatchObject({ name: 'Open' })
  await change(alice, { isPublic: false, onlyOwnerCanInvite: false })
  expect(await change(bob, { isPublic: true })).toMatchObject({ isPublic: true, requiresApproval: false })
})

test('of 20 changes of the same version one wins and 19 are told to read again', async () => {
  const { id, version } = await service.workspace(alice)
  const counts = await atOnce(20, (i) =>
    service.as(alice)(
      workspaces.update,
      { params: { id }, body: { name: `Name ${i}` } },
      { 'if-match': `"${version}"` },
    ),
  )
  expect(counts).toEqual({ ok: 1, VERSION_MISMATCH: 19 })
  expect((await get(alice, id)).version).toBe(version + 1)
})

test('the same Idempotency-Key makes one workspace, however often it is sent', async () => {
  const headers = { 'idempotency-key': 'once-and-no-more' }
  const make = () => service.as(alice)(workspaces.create, { body: { name: 'Once' } }, headers)
  const first = await make()
  expect(await make()).toEqual(first)
  expect(await service.rows(`select 1 from workspaces where name = 'Once'`)).toHaveLength(1)
})

test('ownership is handed over once, even when it is handed to two at the same time', async () => {
  const { id } = await service.workspace(alice)
  await service.join(alice, { id }, bob)
  await service.join(alice, { id }, carol)
  const hand = (to: User) => service.as(alice)(workspaces.transfer, { params: { id }, body: { userId: to.id } })
  await expect(hand(mallory)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(hand(alice)).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(await atOnce(6, (i) => hand(i % 2 ? bob : carol))).toEqual({ ok: 1, FORBIDDEN: 5 })
  const { items } = await service.as(alice)(members.list, { params: { id } })
  const owners = items.filter((m) => m.role === 'owner')
  expect(owners).toHaveLength(1)
  expect((await get(alice, id)).ownerId).toBe(owners[0]!.userId)
  expect(items.find((m) => m.userId === alice.id)!.role).toBe('admin')
})

test('the database itself holds that a workspace has exactly one owner, whatever the code does', async () => {
  const { id } = await service.workspace(alice)
  await service.join(alice, { id }, bob)
  const refused = async (statement: string) =>
    expect(service.rows(statement, [id]), statement).rejects.toMatchObject({ code: expect.stringMatching(/^23/) })
  await refused(`update members set role = 'owner' where workspace_id = $1`)
  await refused(`update members set role = 'member' where workspace_id = $1`)
  await refused(`delete from members where workspace_id = $1 and role = 'owner'`)
  await refused(`update workspaces set owner_id = null where id = $1`)
  await refused(`update workspaces set owner_id = '${bob.id}' where id = $1`)
  await refused(`insert into members (workspace_id, user_id, role) values ($1, '${mallory.id}', 'owner')`)
})

test('what is deleted is gone for everybody at once, and its membership version goes on', async () => {
  const { id } = await service.workspace(alice, { isPublic: true, name: 'Gone tomorrow' })
  await service.join(alice, { id }, bob)
  const before = await membership(id, bob)
  expect(before.role).toBe('member')
  await service.as(alice)(workspaces.remove, { params: { id } })
  for (const who of [alice, bob]) await expect(get(who, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await membership(id, bob)).toEqual({ role: null, version: before.version + 1 })
  expect((await service.as(carol)(workspaces.discover, { query: { q: 'Gone tomorrow' } })).items).toEqual([])
  await expect(service.as(alice)(workspaces.remove, { params: { id } })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('discover finds public workspaces by a part of their name, and takes wildcards as they are written', async () => {
  await service.workspace(alice, { name: '100% tea', isPublic: true })
  const { id } = await service.workspace(alice, { name: '100 cups of tea_time', isPublic: true })
  await service.workspace(alice, { name: '100% secret tea' })
  const find = async (q: string) => (await service.as(bob)(workspaces.discover, { query: { q } })).items
  expect((await find('TEA')).map((w) => w.name)).toEqual(['100 cups of tea_time', '100% tea'])
  expect((await find('0% t')).map((w) => w.name)).toEqual(['100% tea'])
  expect((await find('a_t')).map((w) => w.name)).toEqual(['100 cups of tea_time'])
  expect(await find('_')).toHaveLength(1)
  expect(await find('\\')).toHaveLength(0)
  expect((await find('cups'))[0]).toEqual({
    id,
    name: '100 cups of tea_time',
    description: null,
    requiresApproval: true,
    memberCount: 1,
    role: null,
    requested: false,
  })
  expect((await service.as(alice)(workspaces.discover, { query: { q: 'cups' } })).items[0]!.role).toBe('owner')
})
