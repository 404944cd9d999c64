import { internal, users } from '@wealist/contract/user'
import { newId } from '@wealist/kit/ids'
import { type UserService, userService } from '@wealist/dev/testing/user-service'
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
  // A connection tells what it did at its end.
  await service.running.base.db.rest()
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
