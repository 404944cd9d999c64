import { cutOff } from '@wealist/dev/testing/redis'
import { audit, people } from '@wealist/contract/ops'
import { newId } from '@wealist/kit/ids'
import { tokenIdAt } from '@wealist/kit/token-time'
import { type OpsService, opsService } from '@wealist/dev/testing/ops-service'
import { ofRequests } from '@wealist/dev/testing/statements'
import { atOnce } from '@wealist/dev/testing/user-service'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as z from 'zod'

let service: OpsService
const { statements, observe } = ofRequests()
beforeAll(async () => void (service = await opsService({}, { observe })))
afterAll(() => service.stop())

type Somebody = Awaited<ReturnType<OpsService['person']>>
const bearer = (id: string) => ({ id, sid: newId(), jti: newId() })
const entries = (target: string) =>
  service.user.rows<{ action: string; was: unknown; became: unknown; reason: string | null; actor_id: string }>(
    'select action, was, became, reason, actor_id from ops.audit where target = $1 order by at',
    [target],
  )
const suspend = (admin: Somebody, { id }: { id: string }, reason = 'Spam') =>
  service.as(admin)(people.setStatus, { params: { id }, body: { status: 'suspended', reason } })

test('a suspension is in the row, in the log and in Redis at once: tokens refused, no new session', async () => {
  const [admin, person] = [await service.person('admin'), await service.person()]
  const before = bearer(person.id)
  expect(await suspend(admin, person)).toMatchObject({ id: person.id, status: 'suspended', version: 2 })
  expect(service.running.base.revocations.isRevoked(before)).toBe(true)
  const other = service.user.running.base.revocations
  await expect.poll(() => other.isRevoked(before), { timeout: 5000, interval: 20 }).toBe(true)
  expect(await other.isBlocked(person.id)).toBe(true)
  expect(await entries(person.id)).toEqual([
    { action: 'user.status', was: 'active', became: 'suspended', reason: 'Spam', actor_id: admin.id },
  ])
  const { items } = await service.as(admin)(audit.list, { query: { target: person.id } })
  expect(items).toMatchObject([{ actorName: 'Somebody', targetName: 'Somebody', from: 'active', to: 'suspended' }])
})

test('reactivating lifts the block, and a job of the suspension that comes after it ends nothing begun since', async () => {
  const [admin, person] = [await service.person('admin'), await service.person()]
  await suspend(admin, person)
  const input = { params: { id: person.id }, body: { status: 'active' as const, reason: 'Mistake' } }
  await service.as(admin)(people.setStatus, input)
  const { revocations, db } = service.user.running.base
  expect(await revocations.isBlocked(person.id)).toBe(false)
  const since = { ...bearer(person.id), jti: tokenIdAt(Date.now() + 1) }
  await service.user.rows(
    `insert into kit.outbox (task, payload) values ('standing.apply', json_build_object('userId', $1::text))`,
    [person.id],
  )
  const waiting = async () => {
    const { rows } = await db.pool.query<{ n: string }>(
      `select (select count(*) from kit.outbox) + (select count(*) from graphile_worker.jobs) as n`,
    )
    return Number(rows[0]!.n)
  }
  await expect.poll(waiting).toBe(0)
  expect(await revocations.freshCheck(since)).toBe(false)
})

test('what Redis did not hear is told by user-service’s job, and the suspension is answered all the same', async () => {
  const [admin, person] = [await service.person('admin'), await service.person()]
  const before = bearer(person.id)
  const { redis } = service.running.base
  await cutOff(redis)
  expect(await suspend(admin, person)).toMatchObject({ status: 'suspended' })
  const other = service.user.running.base.revocations
  await expect.poll(() => other.isBlocked(person.id)).toBe(true)
  await expect.poll(() => other.isRevoked(before)).toBe(true)
  await redis.connect()
})

test('a Redis that has lost who is blocked is told again from the rows, and nobody who was reactivated is', async () => {
  const [admin, person, free] = [await service.person('admin'), await service.person(), await service.person()]
  await suspend(admin, person)
  const { revocations } = service.user.running.base
  await revocations.unblock(person.id)
  const { repair } = await import('../../user/src/standing.ts')
  await repair(service.user.running.base)
  expect(await revocations.isBlocked(person.id)).toBe(true)
  expect(await revocations.isBlocked(free.id)).toBe(false)
})

test('a changed role ends the access tokens, and the sessions go on', async () => {
  const [admin, person] = [await service.person('admin'), await service.person()]
  const before = bearer(person.id)
  const input = { params: { id: person.id }, body: { role: 'operator' as const, reason: 'On call' } }
  expect(await service.as(admin)(people.setRole, input)).toMatchObject({ role: 'operator' })
  const { revocations } = service.running.base
  expect(revocations.isRevoked(before)).toBe(true)
  expect(await revocations.isBlocked(person.id)).toBe(false)
  expect(await entries(person.id)).toMatchObject([{ action: 'user.role', was: 'user', became: 'operator' }])
})

test('nobody changes their own role or status, and an admin who is none any more changes nothing', async () => {
  const [admin, person] = [await service.person('admin'), await service.person()]
  await expect(suspend(admin, admin)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const demote = { params: { id: admin.id }, body: { role: 'user' as const, reason: 'Enough' } }
  await expect(service.as(admin)(people.setRole, demote)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await service.user.rows(`update users set role = 'operator' where id = $1`, [admin.id])
  await expect(suspend(admin, person)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(suspend(admin, { id: newId() })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(await entries(person.id)).toEqual([])
})

test('two admins who unmake each other at the same moment: exactly one of them is left', async () => {
  for (let round = 0; round < 10; round++) {
    const [a, b] = [await service.person('admin'), await service.person('admin')]
    const unmake = (by: Somebody, whom: Somebody) =>
      service.as(by)(people.setRole, { params: { id: whom.id }, body: { role: 'user', reason: 'Mutiny' } })
    expect(await atOnce(2, (i) => (i === 0 ? unmake(a, b) : unmake(b, a)))).toEqual({ ok: 1, FORBIDDEN: 1 })
    const left = await service.user.rows(`select from users where id = any($1) and role = 'admin'`, [[a.id, b.id]])
    expect(left).toHaveLength(1)
  }
})

test('the last admin cannot delete their account, nor can the last two at the same moment', async () => {
  const { users } = await import('@wealist/contract/user')
  await service.user.rows(`update users set role = 'user' where role = 'admin'`)
  const [a, b] = [await service.person('admin'), await service.person('admin')]
  const leave = (who: Somebody) => service.user.as(who)(users.removeMe, {})
  expect(await atOnce(2, (i) => leave(i === 0 ? a : b))).toEqual({ ok: 1, CONFLICT: 1 })
})

test('a change that changes nothing writes nothing; a rename of what somebody else renamed is refused', async () => {
  const [admin, person] = [await service.person('admin'), await service.person()]
  const ask = service.as(admin)
  const params = { id: person.id }
  await ask(people.setStatus, { params, body: { status: 'active', reason: 'None' } })
  expect(await entries(person.id)).toEqual([])
  expect(await ask(people.update, { params, body: { name: 'Robert' } }, { 'if-match': '"1"' })).toMatchObject({
    name: 'Robert',
    version: 2,
  })
  await expect(ask(people.update, { params, body: { name: 'Bobby' } }, { 'if-match': '"1"' })).rejects.toMatchObject({
    code: 'VERSION_MISMATCH',
  })
  expect(await entries(person.id)).toMatchObject([{ action: 'user.name', was: 'Somebody', became: 'Robert' }])
  const reasonless = { params, body: { status: 'suspended' as const, reason: '  ' } }
  await expect(ask(people.setStatus, reasonless)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
})

test('people are found by part of a name or address, literally, in Korean too, page by page and by role and status', async () => {
  const [percent, korean] = [await service.person('user', '100% Somebody'), await service.person('viewer', '김앨리스')]
  const found = async (query: z.input<typeof people.list.query>) =>
    (await service.viewer(people.list, { query })).items.map(({ id }) => id)
  expect(await found({ q: '0%' })).toEqual([percent.id])
  expect(await found({ q: '앨리스' })).toEqual([korean.id])
  expect(await found({ q: korean.email.toUpperCase() })).toEqual([korean.id])
  expect(await found({ q: 'nobody at all' })).toEqual([])
  expect(await found({ role: 'viewer', status: 'active' })).toEqual([korean.id])
  const all = await found({ limit: 100 })
  const paged: string[] = []
  for (let cursor: string | undefined; ;) {
    const page = await service.viewer(people.list, { query: { limit: 7, ...(cursor && { cursor }) } })
    paged.push(...page.items.map(({ id }) => id))
    if (!page.nextCursor) break
    cursor = page.nextCursor
  }
  expect(paged).toEqual(all)
})

test('who is suspended is found among 30,000 people by index, also by a plan for any status', async () => {
  await service.user.rows(`insert into users (id, email, name, status)
    select gen_random_uuid(), 'many' || n || '@example.org', 'Many', case when n % 10000 = 0 then 'suspended' else 'active' end
    from generate_series(1, 30000) n`)
  await service.user.rows('vacuum analyze users')
  statements.length = 0
  await service.viewer(people.list, { query: { status: 'suspended' } })
  const { text, values } = statements[0]!
  const client = await service.user.running.base.db.pool.connect()
  try {
    await client.query({ name: 'asked', text, values })
    await client.query('set plan_cache_mode = force_generic_plan')
    const explain = `explain execute asked(${values.map((v) => `'${v}'`)})`
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(explain)
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('users_blocked')
  } finally {
    client.release(true)
  }
})

test('among 30,000 people a search, the newest and the next page are read by index', async () => {
  await service.user.rows(`insert into users (id, email, name, created_at)
    select gen_random_uuid(), 'crowd' || n || '@example.org', 'Crowd ' || md5(n::text), now() - n * interval '1 minute'
    from generate_series(1, 30000) n`)
  await service.user.rows('vacuum analyze users')
  statements.length = 0
  const { nextCursor } = await service.viewer(people.list, { query: {} })
  await service.viewer(people.list, { query: { cursor: nextCursor! } })
  await service.viewer(people.list, { query: { q: 'c4ca4238a0' } })
  expect(statements).toHaveLength(3)
  for (const { text, values } of statements) {
    const rows = await service.user.rows<{ 'QUERY PLAN': string }>(`explain ${text}`, values)
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).not.toMatch(/Seq Scan on users/)
  }
})
