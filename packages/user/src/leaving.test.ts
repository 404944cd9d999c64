import { cutOff } from '@wealist/dev/testing/redis'
import { internal, invitations, joinRequests, members, users, workspaces } from '@wealist/contract/user'
import { newId } from '@wealist/kit/ids'
import { atOnce, password, type UserService, userService } from '@wealist/dev/testing/user-service'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: UserService
beforeAll(async () => void (service = await userService()))
afterAll(() => service.stop())

const leave = (who: { id: string }) => service.as(who)(users.removeMe, {})
const verify = (email: string) => service.internal(internal.verify, { body: { email, password } })
const bearer = (id: string) => ({ id, sid: newId(), jti: newId() })

test('a deleted account’s tokens are refused, and no sign-in that was under way makes new ones', async () => {
  const alice = await service.signUp('Alice')
  const before = bearer(alice.id)
  await leave(alice)
  const { revocations } = service.running.base
  expect(revocations.isRevoked(before)).toBe(true)
  expect(await revocations.isBlocked(alice.id)).toBe(true)
  expect(await verify(alice.email)).toEqual({ user: null })
  await expect(service.internal(internal.standing, { params: { id: alice.id } })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('sessions end by a job where Redis is away at that moment', async () => {
  const alice = await service.signUp('Alice')
  const { redis, revocations } = service.running.base
  const before = bearer(alice.id)
  await cutOff(redis)
  await leave(alice)
  await redis.connect()
  await expect.poll(() => revocations.isRevoked(before), { timeout: 20_000, interval: 50 }).toBe(true)
})

test('memberships end with the account, and every service hears of it in the log', async () => {
  const [alice, bob] = [await service.signUp('Alice'), await service.signUp('Bob')]
  const shared = await service.workspace(alice)
  await service.join(alice, shared, bob)
  const own = await service.workspace(bob, { name: 'Only mine' })
  const { head } = await service.internal(internal.directory, {})
  await leave(bob)
  const { items } = await service.internal(internal.directory, { query: { after: head } })
  expect(items.map(({ type, payload }) => ({ type, payload }))).toEqual([
    { type: 'workspace.deleted', payload: { workspaceId: own.id } },
    { type: 'member.changed', payload: { workspaceId: shared.id, userId: bob.id, role: null, version: 3 } },
    { type: 'person.deleted', payload: { userId: bob.id } },
  ])
  const membership = (id: string) => service.internal(internal.membership, { params: { id, userId: bob.id } })
  expect(await membership(shared.id)).toEqual({ role: null, version: 3 })
  expect(await membership(own.id)).toEqual({ role: null, version: 2 })
  expect(await service.running.base.redis.get(`membership:{${shared.id}}`)).toBe('3')
  expect(await service.as(alice)(workspaces.get, { params: { id: shared.id } })).toMatchObject({ memberCount: 1 })
})

test('who owns a workspace that others are in hands it over first, and nothing has happened until then', async () => {
  const [alice, bob] = [await service.signUp('Alice'), await service.signUp('Bob')]
  const shared = await service.workspace(alice, { name: 'Shared' })
  await service.join(alice, shared, bob)
  await expect(leave(alice)).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('Shared') })
  expect(service.running.base.revocations.isRevoked(bearer(alice.id))).toBe(false)
  expect(await service.as(alice)(users.me, {})).toMatchObject({ id: alice.id })
  await service.as(alice)(workspaces.transfer, { params: { id: shared.id }, body: { userId: bob.id } })
  await leave(alice)
})

test('the same address signs up again, as somebody new with nothing of the old', async () => {
  const alice = await service.signUp('Alice')
  await service.workspace(alice)
  await leave(alice)
  const again = await service.anonymous(users.create, { body: { email: alice.email, name: 'New', password } })
  expect(again.id).not.toBe(alice.id)
  expect((await service.as(again)(workspaces.list, {})).items).toEqual([])
  expect((await verify(alice.email)).user).toMatchObject({ id: again.id, name: 'New' })
})

test('the address goes with the account: it stands in no row any more, and nobody else’s is touched', async () => {
  const [alice, bob, carol] = await Promise.all(['Alice', 'Bob', 'Carol'].map((name) => service.signUp(name)))
  const invite = async (who: { email: string }) => {
    const { id } = await service.workspace(alice!)
    const body = { email: who.email, role: 'member' } as const
    return service.as(alice!)(invitations.create, { params: { id }, body })
  }
  const [accepted, declined, ofCarol] = [await invite(bob!), await invite(bob!), await invite(carol!)]
  await invite(bob!)
  await service.as(bob!)(invitations.accept, { params: { token: accepted.token } })
  await service.as(bob!)(invitations.decline, { params: { token: declined.token } })
  await leave(bob!)
  const tables = await service.rows<{ name: string }>(`select oid::regclass::text as name from pg_class
    where relkind = 'r' and relnamespace = any('{public,ops,kit,graphile_worker}'::regnamespace[])`)
  const holding = await service.rows(
    tables
      .map(({ name }) => `select '${name}' as name from ${name} t where position($1 in t::text) > 0`)
      .join(' union '),
    [bob!.email],
  )
  expect(holding).toEqual([])
  expect(await service.rows('select email from users where id = $1', [bob!.id])).toEqual([
    { email: `deleted:${bob!.id}` },
  ])
  expect(await service.anonymous(invitations.show, { params: { token: ofCarol.token } })).toMatchObject({
    email: carol!.email,
  })
})

test('whoever has the address next does not come in by an invitation to a workspace that was left', async () => {
  const [alice, bob] = [await service.signUp('Alice'), await service.signUp('Bob')]
  const shared = await service.workspace(alice)
  const body = { email: bob.email, role: 'admin' } as const
  const { token } = await service.as(alice)(invitations.create, { params: { id: shared.id }, body })
  await service.join(alice, shared, bob)
  await leave(bob)
  const again = await service.anonymous(users.create, { body: { email: bob.email, name: 'New', password } })
  await expect(service.as(again)(invitations.accept, { params: { token } })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('being brought in and leaving for good at the same moment leaves nobody in a workspace who is not there', async () => {
  const alice = await service.signUp('Alice')
  for (let i = 0; i < 6; i++) {
    const bob = await service.signUp('Bob')
    const places = await Promise.all([1, 2, 3].map(() => service.workspace(alice, { isPublic: true })))
    const { id } = await service.as(bob)(joinRequests.create, { params: { id: places[2]!.id }, body: {} })
    await Promise.allSettled([
      service.join(alice, places[0]!, bob),
      leave(bob),
      service.join(alice, places[1]!, bob),
      service.as(alice)(joinRequests.decide, {
        params: { id: places[2]!.id, requestId: id },
        body: { status: 'approved' },
      }),
    ])
    expect(await service.rows('select 1 from members where user_id = $1', [bob.id])).toEqual([])
  }
  const wrong = await service.rows(`select id from workspaces w where deleted_at is null
    and member_count <> (select count(*) from members where workspace_id = w.id)`)
  expect(wrong).toEqual([])
})

test('leaving twice at the same moment happens once', async () => {
  const alice = await service.signUp('Alice')
  const counts = await atOnce(4, () => leave(alice))
  expect(counts['ok']).toBe(1)
  const { items } = await service.internal(internal.directory, { query: { limit: 500 } })
  expect(items.filter((e) => e.type === 'person.deleted' && e.payload.userId === alice.id)).toHaveLength(1)
})

test('a person who is removed is told by the log as well', async () => {
  const [alice, bob] = [await service.signUp('Alice'), await service.signUp('Bob')]
  const shared = await service.workspace(alice)
  await service.join(alice, shared, bob)
  const { head } = await service.internal(internal.directory, {})
  await service.as(alice)(members.remove, { params: { id: shared.id, userId: bob.id } })
  const { items } = await service.internal(internal.directory, { query: { after: head } })
  expect(items).toMatchObject([{ type: 'member.changed', payload: { userId: bob.id, role: null } }])
})
