import { cutOff } from '@wealist/dev/testing/redis'
import { internal, users } from '@wealist/contract/user'
import { newId } from '@wealist/kit/ids'
import { tokenIdAt } from '@wealist/kit/token-time'
import { sessionsKey } from '@wealist/kit/revocations.redis'
import { password, type UserService, userService } from '@wealist/dev/testing/user-service'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPasswords } from '@wealist/kit/passwords'

let service: UserService
beforeAll(async () => void (service = await userService({ PASSWORD_THREADS: '1', PASSWORD_QUEUE: '6' })))
afterAll(() => service.stop())

const verify = (email: string, given = password) =>
  service.internal(internal.verify, { body: { email, password: given } })
const hashOf = async (id: string) =>
  (await service.rows<{ password_hash: string }>('select password_hash from users where id = $1', [id]))[0]!
    .password_hash

test('the right password tells who it is, as what and in which standing; the wrong one and nobody’s tell nothing', async () => {
  const alice = await service.signUp('Alice')
  expect(await verify(` ${alice.email.toUpperCase()}`)).toEqual({
    user: { id: alice.id, email: alice.email, name: 'Alice', role: 'user', status: 'active' },
  })
  expect(await verify(alice.email, `${password}.`)).toEqual({ user: null })
  expect(await verify('nobody@example.com')).toEqual({ user: null })
  await service.rows(`update users set status = 'suspended' where id = $1`, [alice.id])
  expect((await verify(alice.email)).user).toMatchObject({ status: 'suspended' })
})

test('a hash of an older cost is made anew by the next sign-in', async () => {
  const alice = await service.signUp('Alice')
  const old = await openPasswords({ atOnce: 1, waiting: 1 }, { memory: 1024, passes: 1, parallelism: 1 }).hash(password)
  await service.rows('update users set password_hash = $2 where id = $1', [alice.id, old])
  expect((await verify(alice.email, 'wrong')).user).toBe(null)
  expect(await hashOf(alice.id)).toBe(old)
  expect((await verify(alice.email)).user).not.toBe(null)
  expect(await hashOf(alice.id)).toContain('$m=19456,t=2,p=1$')
  expect((await verify(alice.email)).user).not.toBe(null)
})

test('a storm of sign-ins is turned away with 503 past the line, while everything else goes on', async () => {
  const alice = await service.signUp('Alice')
  const storm = Promise.allSettled(Array.from({ length: 40 }, () => verify(alice.email)))
  const start = performance.now()
  await service.as(alice)(users.me, {})
  expect(performance.now() - start).toBeLessThan(2000)
  const results = await storm
  const refused = results.filter((r) => r.status === 'rejected')
  expect(refused.length).toBeGreaterThan(0)
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'UNAVAILABLE' })
  expect(results.some((r) => r.status === 'fulfilled' && r.value.user?.id === alice.id)).toBe(true)
})

test('a new password needs the old one, and ends every session', async () => {
  const alice = await service.signUp('Alice')
  const before = { id: alice.id, sid: newId(), jti: newId() }
  const set = (currentPassword: string | undefined, newPassword: string) =>
    service.as(alice)(users.setPassword, { body: { currentPassword, newPassword } })
  for (const wrong of [undefined, '', 'wrong'])
    await expect(set(wrong, 'a new password')).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  await set(password, 'a new password')
  expect((await verify(alice.email)).user).toBe(null)
  expect((await verify(alice.email, 'a new password')).user).toMatchObject({ id: alice.id })
  expect(service.running.base.revocations.isRevoked(before)).toBe(true)
})

const jobsLeft = async () =>
  (
    await service.rows(`select from kit.outbox where task = 'sessions.end' union all
    select from graphile_worker.jobs where task_identifier = 'sessions.end'`)
  ).length

test('who signs in with the new password at once stays signed in, whenever the job of the change comes', async () => {
  const { redis, revocations } = service.running.base
  const alice = await service.signUp('Alice')
  await service.as(alice)(users.setPassword, { body: { currentPassword: password, newPassword: 'a new password' } })
  await new Promise((resolve) => setTimeout(resolve, 2))
  const since = { id: alice.id, sid: newId(), jti: tokenIdAt(Date.now()) }
  await redis.zadd(sessionsKey(alice.id), String(Date.now()), since.sid)
  await expect.poll(jobsLeft).toBe(0)
  expect(await revocations.freshCheck(since)).toBe(false)
  expect(await redis.zrange(sessionsKey(alice.id), '0', '-1')).toEqual([since.sid])
})

test('sessions end by the job where Redis is away as the password changes', async () => {
  const { redis, revocations } = service.running.base
  const alice = await service.signUp('Alice')
  const before = { id: alice.id, sid: newId(), jti: newId() }
  await cutOff(redis)
  await service.as(alice)(users.setPassword, { body: { currentPassword: password, newPassword: 'a new password' } })
  await redis.connect()
  await expect.poll(() => revocations.isRevoked(before), { timeout: 20_000, interval: 50 }).toBe(true)
})
