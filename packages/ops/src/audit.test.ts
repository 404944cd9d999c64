import { audit, settings } from '@wealist/contract/ops'
import { type OpsService, opsService } from '@wealist/dev/testing/ops-service'
import { atOnce } from '@wealist/dev/testing/user-service'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: OpsService
beforeAll(async () => void (service = await opsService()))
afterAll(() => service.stop())

const asOps = (statement: string) =>
  service.running.base.db.pool.query(statement).then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
const set = async (value: number, version?: number) => {
  const admin = await service.person('admin')
  return service.as(admin)(
    settings.set,
    { params: { key: 'slo.availability' }, body: { value } },
    version === undefined ? {} : { 'if-match': `"${version}"` },
  )
}

test('with ops’ own role the audit log cannot be written, changed or emptied, only read', async () => {
  await set(0.99)
  const tried = [
    `insert into ops.audit (actor_id, action, target) select id, 'setting', 'x' from ops.people`,
    `update ops.audit set reason = 'nothing happened'`,
    `update ops.audit set at = now() where false`,
    `delete from ops.audit`,
    `truncate ops.audit`,
    `drop table ops.audit`,
    `alter table ops.audit disable trigger all`,
    `create or replace function ops.refuse() returns trigger language plpgsql as 'begin return null; end'`,
  ]
  for (const statement of tried) expect(await asOps(statement), statement).toBe('42501')
  expect(await asOps('select * from ops.audit')).toBe('done')
  expect(await service.user.rows('select from ops.audit')).toHaveLength(1)
})

test('even the role that owns the table changes and deletes nothing in it', async () => {
  for (const statement of [`update ops.audit set reason = 'x'`, 'delete from ops.audit', 'truncate ops.audit'])
    await expect(service.user.rows(statement)).rejects.toMatchObject({ code: '42501' })
})

test('ops’ role reaches nothing of user’s database but its views and functions', async () => {
  const tried = [
    'select password_hash from public.users',
    `update public.users set role = 'admin'`,
    'select * from public.workspaces',
    'select * from kit.outbox',
    `insert into kit.outbox (task, payload) values ('x', '{}')`,
    `update ops.people set role = 'admin'`,
    `insert into ops.settings (key, value) values ('x', '1')`,
    `select ops.may(gen_random_uuid(), gen_random_uuid())`,
    'create table public.mine (a int)',
    'create table ops.mine (a int)',
    'create schema mine',
  ]
  for (const statement of tried) expect(await asOps(statement), statement).toBe('42501')
})

test('a setting is checked, kept with its version and written into the log; of two at once one wins', async () => {
  const before = (await service.viewer(settings.get, { params: { key: 'slo.availability' } })).version
  expect(await atOnce(5, (i) => set(0.95 + i / 1000, before))).toEqual({ ok: 1, VERSION_MISMATCH: 4 })
  for (const value of [2, 0, 'high', 0.99999])
    await expect(set(value as number)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  const { items } = await service.viewer(audit.list, { query: { target: 'slo.availability' } })
  expect(items.map(({ from, to }) => [from, to])).toEqual([
    [0.99, expect.any(Number)],
    [null, 0.99],
  ])
})

test('every setting has a value before anybody has set it', async () => {
  const { items } = await service.viewer(settings.list, {})
  expect(items.find((s) => s.key === 'slo.latencyMs')).toEqual({
    key: 'slo.latencyMs',
    value: 500,
    version: 0,
    updatedAt: null,
  })
})

test('whom configuration made an admin is found by that, and by name', async () => {
  const root = await service.person('admin', 'Root')
  await service.user.rows(
    `insert into ops.audit (actor_id, action, target, was, became, reason) values ($1, 'user.admin', $1::uuid::text, '"user"', '"admin"', 'x')`,
    [root.id],
  )
  const { items } = await service.viewer(audit.list, { query: { action: 'user.admin' } })
  expect(items).toMatchObject([{ actorName: 'Root', targetName: 'Root', from: 'user', to: 'admin' }])
})

test('the log is read newest first, page by page, by who, what, whom and when', async () => {
  const admin = await service.person('admin')
  for (const text of ['One', 'Two', 'Three'])
    await service.as(admin)(settings.set, { params: { key: 'announcement' }, body: { value: text } })
  const first = await service.viewer(audit.list, { query: { actorId: admin.id, limit: 2 } })
  expect(first.items.map(({ to }) => to)).toEqual(['Three', 'Two'])
  const second = await service.viewer(audit.list, {
    query: { actorId: admin.id, limit: 2, cursor: first.nextCursor! },
  })
  expect(second.items.map(({ to }) => to)).toEqual(['One'])
  const until = first.items[1]!.at
  const earlier = await service.viewer(audit.list, { query: { actorId: admin.id, until } })
  expect(earlier.items.map(({ to }) => to)).toEqual(['One'])
  expect((await service.viewer(audit.list, { query: { action: 'user.role' } })).items).toEqual([])
})
