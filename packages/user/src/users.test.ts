import { internal, profiles, users, workspaces } from '@wealist/contract/user'
import type { User } from '@wealist/contract/user/users'
import { atOnce, password, type UserService, userService } from '@wealist/dev/testing/user-service'
import { ofRequests } from '@wealist/dev/testing/statements'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: UserService
let alice: User
let bob: User
let mallory: User
const { statements, observe } = ofRequests()
beforeAll(async () => {
  service = await userService({}, { observe })
  ;[alice, bob, mallory] = (await Promise.all(['Alice', 'Bob', 'Mallory'].map((name) => service.signUp(name)))) as [
    User,
    User,
    User,
  ]
  await service.join(alice, await service.workspace(alice), bob)
})
afterAll(() => service.stop())

const signUp = (body: { email: string; name: string; password: string }) => service.anonymous(users.create, { body })

test('an address is one person’s, however it is spelt and however many sign up with it at the same moment', async () => {
  const counts = await atOnce(10, (i) =>
    signUp({ email: i % 2 ? 'Same@Example.com' : ' same@example.com', name: 'Same', password }),
  )
  expect(counts).toEqual({ ok: 1, ALREADY_EXISTS: 9 })
})

test('neither an answer nor a log nor an event holds a password or its hash', async () => {
  const made = await signUp({ email: 'quiet@example.com', name: 'Quiet', password })
  expect(Object.keys(made).toSorted()).toEqual(['avatarUrl', 'createdAt', 'email', 'id', 'name', 'updatedAt'])
  const [row] = await service.rows<{ password_hash: string }>('select password_hash from users where id = $1', [
    made.id,
  ])
  expect(row!.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
})

test('a bad sign-up is refused with what is wrong, and nothing is stored', async () => {
  const before = await service.rows('select id from users')
  const bad: unknown[] = [
    {},
    [],
    'x',
    { email: 'a@example.com', name: 'A' },
    { email: 'a@example.com', name: 'A', password: 'short' },
    { email: 'a@example.com', name: 'A', password: 'x'.repeat(129) },
    { email: 'nonsense', name: 'A', password },
    { email: 'a@example.com', name: '   ', password },
    { email: 'a@example.com', name: 'A\u0000', password },
    { email: 'a@example.com', name: 'A\nB', password },
    { email: 'a@example.com', name: 'A', password, role: 'admin' },
    { email: `${'a'.repeat(250)}@example.com`, name: 'A', password },
  ]
  for (const body of bad) {
    const response = await fetch(`${service.url}/api/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(response.status, JSON.stringify(body)).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'VALIDATION_ERROR', details: expect.any(Array) } })
  }
  expect(await service.rows('select id from users')).toHaveLength(before.length)
})

test('one sees oneself and whom one shares a workspace with, and nobody else', async () => {
  expect(await service.as(alice)(users.me, {})).toEqual(alice)
  expect(await service.as(bob)(users.get, { params: { id: alice.id } })).toEqual(alice)
  for (const id of [alice.id, bob.id])
    await expect(service.as(mallory)(users.get, { params: { id } })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const ids = [alice.id, bob.id, mallory.id].join(',')
  const seenBy = async (who: User) => (await service.as(who)(users.list, { query: { ids } })).items.map((u) => u.id)
  statements.length = 0
  expect((await seenBy(alice)).toSorted()).toEqual([alice.id, bob.id].toSorted())
  expect(statements).toHaveLength(1)
  expect(await seenBy(mallory)).toEqual([mallory.id])
  const tooMany = Array(201).fill(alice.id).join(',')
  await expect(service.as(alice)(users.list, { query: { ids: tooMany } })).rejects.toMatchObject({
    code: 'VALIDATION_ERROR',
  })
})

test('a profile changes in the fields that are sent, null clears, and the name is the name everywhere', async () => {
  const change = (body: object, headers = {}) => service.as(alice)(profiles.update, { body }, headers)
  const first = await change({ bio: 'Down the hole', timezone: 'Asia/Seoul', locale: 'ko-KR', displayName: 'Alice L' })
  expect(first).toMatchObject({ displayName: 'Alice L', bio: 'Down the hole', timezone: 'Asia/Seoul', locale: 'ko-KR' })
  expect(await change({ bio: null })).toMatchObject({ bio: null, timezone: 'Asia/Seoul' })
  expect((await service.as(bob)(users.get, { params: { id: alice.id } })).name).toBe('Alice L')
  expect(await service.as(alice)(users.updateMe, { body: { name: 'Alice' } })).toMatchObject({ name: 'Alice' })
  await expect(change({ bio: 'late' }, { 'if-match': `"${first.version}"` })).rejects.toMatchObject({
    code: 'VERSION_MISMATCH',
  })
  for (const body of [{ timezone: 'Mars/Olympus' }, { locale: 'no such tag' }, { avatarUrl: 'https://evil.example' }])
    await expect(change(body)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  const { version } = await service.as(alice)(profiles.get, {})
  expect(await atOnce(10, () => change({ bio: 'x' }, { 'if-match': `"${version}"` }))).toEqual({
    ok: 1,
    VERSION_MISMATCH: 9,
  })
})

test('names by id are told to services for anybody, the deleted included', async () => {
  const gone = await service.signUp('Gone')
  await service.as(gone)(users.removeMe, {})
  const { items } = await service.internal(internal.lookup, { body: { ids: [gone.id, alice.id] } })
  expect(items.map((i) => i.name).toSorted()).toEqual(['Alice', 'Gone'])
  await expect(service.as(alice)(internal.lookup, { body: { ids: [gone.id] } })).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
  })
})

test('an account that is gone makes nothing any more', async () => {
  // As if the revocation had not arrived yet: the token still opens the door.
  const late = await service.signUp('Late')
  await service.rows('update users set deleted_at = now() where id = $1', [late.id])
  await expect(service.as(late)(workspaces.create, { body: { name: 'Ghost' } })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})
