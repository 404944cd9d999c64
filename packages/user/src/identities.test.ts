import { cutOff } from '@wealist/dev/testing/redis'
import { internal, users } from '@wealist/contract/user'
import { newId } from '@wealist/kit/ids'
import { atOnce, password, type UserService, userService } from '@wealist/dev/testing/user-service'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

let service: UserService
beforeAll(async () => void (service = await userService({ ADMIN_EMAILS: 'Root@Example.com, other@example.com' })))
afterAll(() => service.stop())

let n = 1000
const subject = () => String(++n)
const google = (identity: { subject: string; email: string; emailVerified?: boolean; name?: string }) =>
  service.internal(internal.identities, {
    body: { provider: 'google', emailVerified: true, name: 'Somebody', ...identity },
  })
const named = (of: UserService, id: string) =>
  of.rows(`select actor_id, was, became, reason from ops.audit where action = 'user.admin' and target = $1`, [id])
const byConfiguration = (id: string) => ({
  actor_id: id,
  was: 'user',
  became: 'admin',
  reason: 'named by configuration',
})
const verify = (email: string) => service.internal(internal.verify, { body: { email, password } })

test('a subject is one person from the first sign-in on, even when ten come at the same moment', async () => {
  const who = { subject: subject(), email: 'Dinah@Example.com', name: 'Dinah' }
  const answers = await Promise.all(Array.from({ length: 10 }, () => google(who)))
  expect(new Set(answers.map((a) => a.user.id)).size).toBe(1)
  expect(answers.filter((a) => a.created)).toHaveLength(1)
  expect(answers[0]!.user).toMatchObject({ email: 'dinah@example.com', name: 'Dinah', role: 'user', status: 'active' })
  // The subject is who they are, not the address, which may change or go to somebody else.
  expect(await google({ ...who, email: 'changed@example.com' })).toMatchObject({
    created: false,
    user: { id: answers[0]!.user.id, email: 'dinah@example.com' },
  })
})

test('a verified address links to the account that has it, and ten at the same moment agree', async () => {
  const alice = await service.signUp('Alice')
  const who = { subject: subject(), email: alice.email }
  const answers = await Promise.all(Array.from({ length: 10 }, () => google(who)))
  expect(new Set(answers.map((a) => a.user.id))).toEqual(new Set([alice.id]))
  expect(answers.every((a) => !a.created)).toBe(true)
})

test('an address that Google has not verified opens nobody’s account', async () => {
  const alice = await service.signUp('Alice')
  await expect(google({ subject: subject(), email: alice.email, emailVerified: false })).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
  })
  expect((await verify(alice.email)).user).toMatchObject({ id: alice.id })
})

test('who signed up with somebody else’s address loses the account when its owner comes', async () => {
  const squatter = await service.signUp('Not Alice')
  const stolen = { id: squatter.id, sid: newId(), jti: newId() }
  const who = { subject: subject(), email: squatter.email }
  expect((await google(who)).user.id).toBe(squatter.id)
  expect((await verify(squatter.email)).user).toBe(null)
  expect(service.running.base.revocations.isRevoked(stolen)).toBe(true)
  // A password that the owner sets from then on is theirs, and stays.
  await service.as(squatter)(users.setPassword, { body: { newPassword: password } })
  await google(who)
  expect((await verify(squatter.email)).user).toMatchObject({ id: squatter.id })
})

test('an address that Google gives to somebody else opens nothing of whom it was before, who still comes in', async () => {
  const was = { subject: subject(), email: 'recycled@example.com' }
  const { user } = await google(was)
  const taken = { code: 'ALREADY_EXISTS', message: expect.stringContaining('sign in with that one') }
  await expect(google({ ...was, subject: subject() })).rejects.toMatchObject(taken)
  expect(await google(was)).toMatchObject({ created: false, user: { id: user.id } })
})

test.each([
  ['nobody has', async () => 'nobodys@example.com'],
  ['an account has that is not proved', async () => (await service.signUp('Alice')).email],
])('of ten subjects that come at the same moment with an address that %s one gets it', async (_, addressed) => {
  const email = await addressed()
  expect(await atOnce(10, () => google({ subject: subject(), email }))).toEqual({ ok: 1, ALREADY_EXISTS: 9 })
  const subjects = await service.rows(
    'select subject from identities i join users u on u.id = i.user_id where u.email = $1',
    [email],
  )
  expect(subjects).toHaveLength(1)
})

test('who signs up with the address just as its owner comes loses the account, too', async () => {
  const who = { subject: subject(), email: 'just.now@example.com' }
  const { db, revocations } = service.running.base
  const { row } = db
  let squatter: { id: string } | undefined
  let stolen = ''
  const spy = vi.spyOn(db, 'row').mockImplementation(async (statement) => {
    const found = await row(statement)
    if (!squatter && JSON.stringify(statement).includes('u.email = ')) {
      squatter = { id: newId() }
      await service.anonymous(users.create, { body: { email: who.email, name: 'Not Alice', password } })
      squatter = (await verify(who.email)).user!
      stolen = newId()
    }
    return found as never
  })
  const { user } = await google(who)
  spy.mockRestore()
  expect(user.id).toBe(squatter!.id)
  expect((await verify(who.email)).user).toBe(null)
  expect(revocations.isRevoked({ id: user.id, sid: newId(), jti: stolen })).toBe(true)
})

test('where the squatter’s sessions cannot be ended, nothing is linked, and nothing changes hands', async () => {
  const squatter = await service.signUp('Not Alice')
  const who = { subject: subject(), email: squatter.email }
  const { redis } = service.running.base
  await cutOff(redis)
  await expect(google(who)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect((await verify(squatter.email)).user).toMatchObject({ id: squatter.id })
  await redis.connect()
  expect((await google(who)).user.id).toBe(squatter.id)
})

test('the first admins are those that configuration names, once their address is proved, and the audit log says so, once; whoever is first is nobody', async () => {
  const early = await service.anonymous(users.create, {
    body: { email: 'root@example.com', name: 'Early', password },
  })
  expect((await verify('root@example.com')).user).toMatchObject({ id: early.id, role: 'user' })
  await expect(google({ subject: subject(), email: 'root@example.com', emailVerified: false })).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
  })
  expect(await named(service, early.id)).toEqual([])
  const root = { subject: subject(), email: 'root@example.com' }
  for (let i = 0; i < 2; i++) expect(await google(root)).toMatchObject({ user: { id: early.id, role: 'admin' } })
  expect(await named(service, early.id)).toEqual([byConfiguration(early.id)])
  expect(
    await google({ subject: subject(), email: 'unverified-other@example.com', emailVerified: false }),
  ).toMatchObject({
    user: { role: 'user' },
  })
})

test('an admin whose role another admin took stays without it, whatever configuration says', async () => {
  const [root, boss] = [newId(), newId()].map((id) => `${id}@example.com`) as [string, string]
  const other = await userService({ ADMIN_EMAILS: `${root},${boss}` })
  try {
    const signIn = async (email: string) => {
      const body = { provider: 'google', subject: email, email, emailVerified: true, name: 'Root' } as const
      return (await other.internal(internal.identities, { body })).user
    }
    const [first, second] = [await signIn(root), await signIn(boss)]
    expect([first.role, second.role]).toEqual(['admin', 'admin'])
    await other.rows('select ops.set_standing($1, $2, $3, $4, $5)', [second.id, first.id, 'role', 'user', 'Left'])
    expect((await signIn(root)).role).toBe('user')
    expect(await named(other, first.id)).toEqual([byConfiguration(first.id)])
  } finally {
    await other.stop()
  }
})

test('a session that the squatter began between the first end and the commit ends by a job, though Redis fails', async () => {
  const squatter = await service.signUp('Not Alice')
  const { revocations } = service.running.base
  const { revoke } = revocations
  const ended = vi.spyOn(revocations, 'revoke')
  ended.mockImplementationOnce(revoke).mockRejectedValueOnce(new Error('Command timed out'))
  expect((await google({ subject: subject(), email: squatter.email })).user.id).toBe(squatter.id)
  await vi.waitFor(() => expect(ended.mock.calls.length).toBeGreaterThan(2), { timeout: 10_000 })
  await expect(ended.mock.results.at(-1)!.value).resolves.toBeUndefined()
  expect(ended.mock.calls.at(-1)![0]).toMatchObject({ sub: squatter.id, once: expect.any(String) })
  ended.mockRestore()
})

test('who deleted the account comes back as somebody new', async () => {
  const who = { subject: subject(), email: 'returning@example.com' }
  const { user: before } = await google(who)
  await service.as(before)(users.removeMe, {})
  const { user: after, created } = await google(who)
  expect(created).toBe(true)
  expect(after.id).not.toBe(before.id)
})

test('on a developer’s machine an address counts as proved at once; anywhere else that setting ends the start', async () => {
  const local = await userService({ SIGN_UP_PROVES_EMAIL: 'true', ADMIN_EMAILS: 'alice@example.com' })
  try {
    const alice = await local.anonymous(users.create, {
      body: { email: 'alice@example.com', name: 'Alice', password },
    })
    const ask = {
      body: { provider: 'google', subject: '1', email: alice.email, emailVerified: true, name: 'A' },
    } as const
    expect(await named(local, alice.id)).toEqual([byConfiguration(alice.id)])
    expect((await local.internal(internal.identities, ask)).user).toMatchObject({ id: alice.id, role: 'admin' })
    expect(await named(local, alice.id)).toEqual([byConfiguration(alice.id)])
    const still = await local.internal(internal.verify, { body: { email: alice.email, password } })
    expect(still.user).toMatchObject({ id: alice.id })
  } finally {
    await local.stop()
  }
  for (const ENVIRONMENT of ['preview', 'dev', 'prod'])
    await expect(userService({ SIGN_UP_PROVES_EMAIL: 'true', ENVIRONMENT })).rejects.toThrow('for development')
})
