import { invitations, members, workspaces } from '@wealist/contract/user'
import type { User } from '@wealist/contract/user/users'
import type { Workspace } from '@wealist/contract/user/workspaces'
import { atOnce, type UserService, userService } from '@wealist/dev/testing/user-service'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

let service: UserService
let [alice, bob, carol, mallory] = [] as unknown as [User, User, User, User]
let wonderland: Workspace
beforeAll(async () => {
  service = await userService({ PUBLIC_URL: 'https://wealist.example' })
  ;[alice, bob, carol, mallory] = (await Promise.all(
    ['Alice', 'Bob', 'Carol', 'Mallory'].map((name) => service.signUp(name)),
  )) as [User, User, User, User]
})
beforeEach(async () => void (wonderland = await service.workspace(alice)))
afterAll(() => service.stop())

const invite = (who: User, email: string, role: 'admin' | 'member' = 'member') =>
  service.as(who)(invitations.create, { params: { id: wonderland.id }, body: { email, role } })
const list = (who: User, query: { status?: 'pending' | 'expired' | 'accepted' | 'declined' } = {}) =>
  service.as(who)(invitations.list, { params: { id: wonderland.id }, query })
const accept = (who: User, token: string) => service.as(who)(invitations.accept, { params: { token } })
const decline = (who: User, token: string) => service.as(who)(invitations.decline, { params: { token } })
const show = (token: string) => service.anonymous(invitations.show, { params: { token } })

test('a link is shown once, and the database cannot give it again', async () => {
  const made = await invite(alice, 'New@Example.com')
  expect(made).toMatchObject({ email: 'new@example.com', role: 'member', status: 'pending', invitedBy: alice.id })
  expect(made.link).toBe(`https://wealist.example/invitations/${made.token}`)
  const days = (Date.parse(made.expiresAt) - Date.parse(made.createdAt)) / 86_400_000
  expect(days).toBe(7)
  expect(JSON.stringify(await list(alice))).not.toContain(made.token)
  const stored = await service.rows(`select i::text as row, encode(token_hash, 'escape') as hash from invitations i
    union all select k::text, '' from kit.idempotency k union all select e::text, '' from kit.events e`)
  expect(JSON.stringify(stored)).not.toContain(made.token)
})

test('whom it is for accepts, and is in the workspace with the role it names', async () => {
  const { token } = await invite(alice, bob.email, 'admin')
  expect(await show(token)).toEqual({
    workspaceName: 'Wonderland',
    email: bob.email,
    role: 'admin',
    invitedByName: 'Alice',
    status: 'pending',
    expiresAt: expect.any(String),
  })
  expect(await accept(bob, token)).toMatchObject({ id: wonderland.id, role: 'admin', memberCount: 2 })
  expect((await show(token)).status).toBe('accepted')
  expect((await list(alice, { status: 'accepted' })).items).toHaveLength(1)
  expect((await list(alice, { status: 'pending' })).items).toHaveLength(0)
})

test('a link works once, even when it is used ten times at the same moment', async () => {
  const { token } = await invite(alice, bob.email)
  expect(await atOnce(10, () => accept(bob, token))).toEqual({ ok: 1, CONFLICT: 9 })
  await service.as(bob)(members.remove, { params: { id: wonderland.id, userId: bob.id } })
  await expect(accept(bob, token)).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('who merely has the link may neither accept nor decline', async () => {
  const { token } = await invite(alice, bob.email)
  await expect(accept(mallory, token)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(decline(mallory, token)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect((await show(token)).status).toBe('pending')
})

test('after seven days, taken back, declined or replaced, a link is dead', async () => {
  const expired = await invite(alice, bob.email)
  await service.rows(`update invitations set expires_at = now() - interval '1 second' where id = $1`, [expired.id])
  await expect(accept(bob, expired.token)).rejects.toMatchObject({ code: 'CONFLICT' })
  expect((await show(expired.token)).status).toBe('expired')
  expect((await list(alice, { status: 'expired' })).items).toHaveLength(1)

  const replaced = await invite(alice, bob.email)
  const current = await invite(alice, bob.email, 'admin')
  await expect(accept(bob, replaced.token)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await list(alice)).items.map((i) => i.id)).toEqual([current.id])

  await decline(bob, current.token)
  await expect(accept(bob, current.token)).rejects.toMatchObject({ code: 'CONFLICT' })

  const back = await invite(alice, bob.email)
  await service.as(alice)(invitations.remove, { params: { id: wonderland.id, invitationId: back.id } })
  await expect(accept(bob, back.token)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(accept(bob, 'x'.repeat(43))).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('accepting and taking back at the same moment: one of them is refused', async () => {
  for (let i = 0; i < 5; i++) {
    const { id, token } = await invite(alice, bob.email)
    const [accepted, removed] = await Promise.allSettled([
      accept(bob, token),
      service.as(alice)(invitations.remove, { params: { id: wonderland.id, invitationId: id } }),
    ])
    expect([accepted.status, removed.status].toSorted()).toEqual(['fulfilled', 'rejected'])
    if (removed.status === 'fulfilled') continue
    expect(removed.reason).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('accepted') })
    await service.as(bob)(members.remove, { params: { id: wonderland.id, userId: bob.id } })
  }
})

test('only those who may bring people in invite, see and take back invitations', async () => {
  await service.join(alice, wonderland, bob, 'admin')
  await service.join(alice, wonderland, carol)
  const { id } = await invite(bob, 'new@example.com')
  await expect(invite(bob, 'other@example.com', 'admin')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(invite(carol, 'other@example.com')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(list(carol)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(list(mallory)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(invite(mallory, 'other@example.com')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await service.as(alice)(workspaces.update, { params: { id: wonderland.id }, body: { onlyOwnerCanInvite: true } })
  await expect(invite(bob, 'other@example.com')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  // By an id of another workspace nothing is taken back.
  const other = await service.workspace(mallory)
  await expect(
    service.as(mallory)(invitations.remove, { params: { id: other.id, invitationId: id } }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(invite(alice, bob.email)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' })
})

const removed = (who: User) => service.as(alice)(members.remove, { params: { id: wonderland.id, userId: who.id } })
const demoted = (who: User) =>
  service.as(alice)(members.update, { params: { id: wonderland.id, userId: who.id }, body: { role: 'member' } })
const change = (body: object) => service.as(alice)(workspaces.update, { params: { id: wonderland.id }, body })
const handOver = (to: User) =>
  service.as(alice)(workspaces.transfer, { params: { id: wonderland.id }, body: { userId: to.id } })

test.each([
  ['an admin who was removed', () => bob, 'member', () => removed(bob)],
  ['an admin who is a member now', () => bob, 'member', () => demoted(bob)],
  ['an admin, where only the owner may now', () => bob, 'member', () => change({ onlyOwnerCanInvite: true })],
  ['an owner who is an admin now, to be an admin', () => alice, 'admin', () => handOver(bob)],
] as const)('an invitation ends with the right to make it: by %s', async (_, inviter, role, loses) => {
  await service.join(alice, wonderland, bob, 'admin')
  const { id, token } = await invite(inviter(), carol.email, role)
  expect(await show(token)).toMatchObject({ status: 'pending' })
  await loses()
  const refused = { code: 'CONFLICT', message: expect.stringContaining('Ask for a new one') }
  await expect(accept(carol, token)).rejects.toMatchObject(refused)
  expect(await show(token)).toMatchObject({ status: 'expired' })
  expect((await list(alice, { status: 'pending' })).items).toEqual([])
  expect((await list(alice, { status: 'expired' })).items).toMatchObject([{ id }])
})

test('an invitation is accepted by the right that its maker has once the workspace is locked, not by one they had before', async () => {
  await service.join(alice, wonderland, bob, 'admin')
  const { token } = await invite(bob, carol.email)
  const { pool } = service.running.base.db
  const client = await pool.connect()
  await client.query('begin')
  await client.query('update workspaces set member_count = member_count - 1 where id = $1', [wonderland.id])
  await client.query('delete from members where workspace_id = $1 and user_id = $2', [wonderland.id, bob.id])
  const accepted = accept(carol, token).catch((error: unknown) => error)
  await expect
    .poll(() =>
      service.rows(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`),
    )
    .toHaveLength(1)
  await client.query('commit')
  client.release()
  expect(await accepted).toMatchObject({ code: 'CONFLICT' })
})

test('an invitation holds while who made it may still invite to that role, whatever else became of them', async () => {
  await service.join(alice, wonderland, bob, 'admin')
  const [byOwner, byAdmin] = [await invite(alice, carol.email), await invite(bob, mallory.email)]
  await handOver(bob)
  expect(await accept(carol, byOwner.token)).toMatchObject({ role: 'member' })
  expect(await accept(mallory, byAdmin.token)).toMatchObject({ role: 'member' })
})

test('who was brought in by another way meanwhile is told so, and the invitation of a deleted workspace is gone', async () => {
  const { token } = await invite(alice, bob.email)
  await service.join(alice, wonderland, bob)
  await expect(accept(bob, token)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' })
  await service.as(alice)(workspaces.remove, { params: { id: wonderland.id } })
  await expect(accept(bob, token)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
