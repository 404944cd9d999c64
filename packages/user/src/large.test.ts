import { internal, invitations, joinRequests, members, users, workspaces } from '@wealist/contract/user'
import { newId } from '@wealist/kit/ids'
import { type UserService, userService } from '@wealist/dev/testing/user-service'
import { allTold } from '@wealist/dev/testing/whole-tables'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: UserService
let alice: Awaited<ReturnType<UserService['signUp']>>
let id: string
let others: string[]

// One large workspace beside many small ones: what is planned for any of them is planned for a small one.
beforeAll(async () => {
  service = await userService()
  alice = await service.signUp('Alice')
  ;({ id } = await service.workspace(alice, { name: 'Large' }))
  others = Array.from({ length: 5000 }, newId)
  await service.rows(
    `insert into users (id, email, name) select id, id || '@example.com', 'Somebody' from unnest($1::uuid[]) id`,
    [others],
  )
  await service.rows(`insert into members (workspace_id, user_id, role) select $1, unnest($2::uuid[]), 'member'`, [
    id,
    others,
  ])
  await service.rows(
    `with w as (insert into workspaces (id, name, is_public, requires_approval, only_owner_can_invite, owner_id)
        select gen_random_uuid(), 'Small', true, true, false, id from unnest($1::uuid[]) id returning id, owner_id)
      insert into members (workspace_id, user_id, role) select id, owner_id, 'owner' from w
        union all select id, person, 'member' from w, unnest($2::uuid[]) person`,
    [others.slice(0, 500), others.slice(-8)],
  )
  await service.rows('analyze users, members, workspaces')
}, 60_000)
afterAll(() => service.stop())

const read = async () => {
  await allTold(service.running.base.db)
  const [row] = await service.rows<{ rows: number; blocks: number }>(
    `select sum(idx_tup_read)::int as rows, sum(idx_blks_read + idx_blks_hit)::int as blocks
      from pg_stat_user_indexes join pg_statio_user_indexes using (indexrelid) where pg_stat_user_indexes.relname = 'members'`,
  )
  return row!
}
const reading = async (mode: 'generic' | 'custom', ask: () => Promise<unknown>) => {
  await service.rows(
    `do $$ begin execute format('alter database %I set plan_cache_mode = force_${mode}_plan', current_database()); end $$`,
  )
  const before = await read()
  await ask()
  const after = await read()
  return { rows: after.rows - before.rows, blocks: after.blocks - before.blocks }
}

test.each(['generic', 'custom'] as const)(
  'who of some people is in a large workspace, and whom one may see there, is looked up and not read from all members, by a %s plan',
  async (mode) => {
    const ids = others.slice(0, 20)
    const asked = () => service.internal(internal.memberships, { params: { id }, body: { ids: ids.slice(0, 1) } })
    expect((await reading(mode, asked)).blocks).toBeLessThan(10)
    const seen = () => service.as(alice)(users.list, { query: { ids: ids.join() } })
    expect((await reading(mode, seen)).rows).toBeLessThan(100)
  },
)

/** A workspace of Alice's, so many members, and as many requests and invitations. */
const crowded = async (n: number) => {
  const { id: crowd } = await service.workspace(alice, { name: 'Crowd' })
  await service.rows(
    `insert into members (workspace_id, user_id, role) select $1, id, 'member' from users where id <> $2 limit $3`,
    [crowd, alice.id, n],
  )
  await service.rows(
    `insert into join_requests (id, workspace_id, user_id) select gen_random_uuid(), $1, id from users limit $2`,
    [crowd, n],
  )
  await service.rows(
    `insert into invitations (id, workspace_id, email, role, token_hash, invited_by, expires_at)
      select gen_random_uuid(), $1, email, 'member', sha256(convert_to(email || ($1::uuid)::text, 'UTF8')), $2, now() + interval '1 day' from users limit $3`,
    [crowd, alice.id, n],
  )
  const [first] = await service.rows<{ user_id: string }>(
    `select user_id from members where workspace_id = $1 and user_id <> $2 limit 1`,
    [crowd, alice.id],
  )
  return { crowd, first: first!.user_id }
}
const left = async (crowd: string) =>
  (
    await service.rows<{ n: number }>(
      ['members', 'invitations', 'join_requests']
        .map((part) => `select count(*)::int as n from ${part} where workspace_id = $1`)
        .join(' union all '),
      [crowd],
    )
  ).map(({ n }) => n)
/** Everything that rests on being in it, as Alice sees it, who owned it. */
const nobodySees = async (crowd: string, first: string) => {
  const ask = service.as(alice)
  const params = { id: crowd }
  const refused = { code: 'NOT_FOUND' }
  await expect(ask(workspaces.get, { params })).rejects.toMatchObject(refused)
  for (const list of [members.list, invitations.list, joinRequests.list])
    await expect(ask(list, { params, query: {} })).rejects.toMatchObject(refused)
  expect((await ask(workspaces.list, { query: { limit: 100 } })).items.map((w) => w.id)).not.toContain(crowd)
  await expect(ask(users.get, { params: { id: first } })).rejects.toMatchObject(refused)
  expect(await service.internal(internal.membership, { params: { id: crowd, userId: alice.id } })).toMatchObject({
    role: null,
  })
  expect(await service.internal(internal.memberships, { params, body: { ids: [first, alice.id] } })).toMatchObject({
    items: [],
  })
}

test('a workspace of more members than one transaction drops is deleted at once for everybody, and its rows by and by', async () => {
  await service.rows(
    `insert into users (id, email, name) select gen_random_uuid(), 'crowd' || n || '@example.com', 'Somebody' from generate_series(1, 6000) n`,
  )
  const { crowd } = await crowded(10_500)
  await service.as(alice)(workspaces.remove, { params: { id: crowd } })
  for (const n of await left(crowd)) expect(n).toBeGreaterThan(0)
  await expect.poll(() => left(crowd), { timeout: 20_000 }).toEqual([0, 0, 0])
}, 60_000)

test('of a deleted workspace whose rows are still there nobody sees anything, and its invitations are dead', async () => {
  await service.as(alice)(workspaces.remove, { params: { id } })
  const { crowd, first } = await crowded(10)
  const token = 'a'.repeat(43)
  await service.rows(
    `update invitations set email = 'nobody@example.com', token_hash = sha256(convert_to($2, 'UTF8')) where id = (
      select id from invitations where workspace_id = $1 limit 1)`,
    [crowd, token],
  )
  const card = () => service.anonymous(invitations.show, { params: { token } })
  const accept = () => service.as(alice)(invitations.accept, { params: { token } })
  expect(await card()).toMatchObject({ workspaceName: 'Crowd' })
  await expect(accept()).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await service.rows('update workspaces set deleted_at = now(), owner_id = null where id = $1', [crowd])
  await nobodySees(crowd, first)
  await expect(card()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(accept()).rejects.toMatchObject({ code: 'NOT_FOUND' })
}, 60_000)
