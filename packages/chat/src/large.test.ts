import { rooms } from '@wealist/contract/chat'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { newId } from '@wealist/kit/ids'
import { pageRequest, type PageRequest } from '@wealist/kit/page'
import type { Queryable, Sql } from '@wealist/kit/sql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waiting } from './attachments.sql.ts'
import * as messages from './messages.sql.ts'
import { counts, pin, unread } from './notices.sql.ts'
import { oldRoom } from './retention.sql.ts'
import { deserted, livingOf } from './rooms.sql.ts'

let service: ChatService
const page = pageRequest('', {}, {})

// Alice is in 300 of 1,000 rooms with 60,000 messages; the rest is other people's. Her workspace has 20,000 direct rooms.
beforeAll(async () => {
  service = await chatService()
  const { workspaceId, people } = service
  const other = newId()
  await service.rows(
    `with made as (
      insert into rooms (id, workspace_id, type, name, created_by)
      select gen_random_uuid(), case when n <= 400 then $1::uuid else $2::uuid end, 'group', 'r' || n, $3 from generate_series(1, 1000) n
      returning id, name, workspace_id)
    insert into participants (room_id, user_id, workspace_id, role)
    select id, case when substr(name, 2)::int <= 300 then $3::uuid else $4::uuid end, workspace_id, 'admin' from made`,
    [workspaceId, newId(), people.alice.id, other],
  )
  // In parts: together they may take longer than a statement of the service may.
  for (const from of [1, 21, 41])
    await service.rows(
      `insert into messages (id, room_id, seq, client_id, sender_id, sender_name, type, content, created_at)
       select gen_random_uuid(), r.id, n, gen_random_uuid(), $1, 'O', 'text',
         '오늘 회의 ' || md5(r.id::text || n) || case when n = 7 then ' 분기보고서' else '' end, now() - make_interval(secs => n)
       from rooms r cross join generate_series($2::int, $2::int + 19) n`,
      [other, from],
    )
  await service.rows(`insert into kit.heads (topic, head) select 'room:' || id, 60 from rooms on conflict do nothing`)
  await service.rows(
    `insert into rooms (id, workspace_id, type, pair, created_by)
     select gen_random_uuid(), $1, 'direct', gen_random_uuid() || ' ' || gen_random_uuid(), $2 from generate_series(1, 20000)`,
    [workspaceId, other],
  )
  await service.rows('analyze')
}, 120_000)
afterAll(() => service.stop())

/** The plans of the statement that is made for a list or for rows: as the pool runs them, for its values or for any. */
const plansOf = async (ask: (db: Queryable) => unknown) => {
  let asked: Sql | undefined
  const taken = async (statement: Sql) => ((asked = statement), [])
  const page = async (_: PageRequest, list: { items: Sql }) => taken(list.items)
  await ask({ page, rows: taken, row: async (statement: Sql) => (await taken(statement), { n: 0 }) } as never)
  const { text, values } = asked!
  const literal = (v: unknown) => (v === null ? 'null' : `'${Array.isArray(v) ? `{${v}}` : v}'`)
  const client = await service.running.base.db.pool.connect()
  const plans: string[] = []
  try {
    await client.query({ name: 'asked', text, values })
    for (const mode of ['custom', 'generic']) {
      await client.query(`set plan_cache_mode = force_${mode}_plan`)
      const explain = `explain (analyze, buffers off) execute asked${values.length > 0 ? `(${values.map(literal)})` : ''}`
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(explain)
      plans.push(rows.map((r) => r['QUERY PLAN']).join('\n'))
    }
  } finally {
    client.release(true)
  }
  return plans
}

test.each(['분기보고서', 'c4ca42', '오늘 회의'])(
  'a search for %s uses an index, and reads no other room’s messages one by one',
  async (text) => {
    const { workspaceId, people } = service
    const [plan] = await plansOf((db) =>
      messages.search(db, { workspaceId, userId: people.alice.id, text, roomId: undefined, page }),
    )
    expect(plan).not.toContain('Seq Scan on messages')
    expect(plan).toMatch(/Index/)
  },
)

test.each(['회의', 'zz', '!?'])(
  'a search for %s, which has no trigram, does not read the index of all rooms’ texts from end to end, however it is planned',
  async (text) => {
    const { workspaceId, people } = service
    for (const plan of await plansOf((db) =>
      messages.search(db, { workspaceId, userId: people.alice.id, text, roomId: undefined, page }),
    )) {
      expect(plan).not.toContain('Seq Scan on messages')
      expect(plan).not.toMatch(/messages_text[^]*Index Cond:[^\n]*~~/)
    }
  },
)

test('the list of 300 rooms is one statement by its indexes, with unread messages counted to a hundred', async () => {
  const ask = service.as(service.people.alice)
  service.statements.length = 0
  const { items } = await ask(rooms.list, { query: { workspaceId: service.workspaceId, limit: 100 } })
  expect(service.statements).toHaveLength(1)
  expect(items).toHaveLength(100)
  expect(items[0]).toMatchObject({ unreadCount: 60, lastMessage: { seq: 60 } })
})

test('rooms in which somebody who is gone was one of two are found by an index from either side', async () => {
  for (const plan of await plansOf((db) => deserted(db, { userId: service.people.alice.id, limit: 200 }))) {
    expect(plan).not.toContain('Seq Scan on rooms')
    for (const index of ['rooms_pair_first', 'rooms_pair_second']) expect(plan).toContain(index)
  }
})

test('rooms of a workspace that is deleted are taken some at a time without sorting the others, dropped ones found by their age', async () => {
  for (const plan of await plansOf((db) => livingOf(db, { workspaceId: service.workspaceId, limit: 200 })))
    expect(plan).not.toMatch(/Sort|Seq Scan/)
  for (const plan of await plansOf((db) => oldRoom(db, 30))) expect(plan).toContain('using rooms_deleted')
})

test('how many of somebody’s uploads wait in a room is read from what waits of theirs there', async () => {
  const [room] = await service.rows<{ id: string }>('select id from rooms limit 1')
  await service.rows(
    `insert into uploads (id, room_id, key, name, content_type, size, created_by, message_id)
     select gen_random_uuid(), $1, 'k' || n, 'x', 'text/plain', 1, gen_random_uuid(), case when n % 2 = 0 then gen_random_uuid() end
     from generate_series(1, 4000) n`,
    [room!.id],
  )
  await service.rows('analyze uploads')
  for (const plan of await plansOf((db) => waiting(db, { roomId: room!.id, userId: service.people.alice.id })))
    expect(plan).toMatch(/uploads_waiting[^]*Index Cond: \(\(room_id = [^]*created_by = /)
})

test('of somebody who says much and reads nothing the last places of the room are gone through, not all they said', async () => {
  const { people } = service
  const { id } = await service.group()
  await service.rows(
    `insert into messages (id, room_id, seq, client_id, sender_id, sender_name, type, content)
     select gen_random_uuid(), $1, n, gen_random_uuid(), case when n % 1000 = 0 then $3::uuid else $2::uuid end, 'A', 'text', 'x'
     from generate_series(3, 9000) n`,
    [id, people.alice.id, people.bob.id],
  )
  await service.rows('analyze messages')
  for (const plan of await plansOf((db) => counts(db, { roomId: id, limit: 100, people: [people.alice.id] })))
    for (const [, rows] of plan.matchAll(/Rows Removed by Filter: (\d+)/g))
      expect(Number(rows)).toBeLessThanOrEqual(5000)
  expect(await service.as(people.alice)(rooms.get, { params: { id } })).toMatchObject({ unreadCount: 5 })
  expect(await service.as(people.bob)(rooms.get, { params: { id } })).toMatchObject({ unreadCount: 100 })
})

test('of a long time in which nobody was told so much is looked through that no plan of it takes long', async () => {
  const { people } = service
  const { id } = await service.group()
  await service.rows(
    `insert into messages (id, room_id, seq, client_id, sender_id, sender_name, type, content, mentions)
     select gen_random_uuid(), $1, n, gen_random_uuid(), $2, 'A', 'text', 'x', array[$3::uuid] from generate_series(1, 20000) n`,
    [id, people.alice.id, people.bob.id],
  )
  await service.rows('analyze messages')
  const { from, to } = (await pin(service.running.base.db, id))!
  expect([from, to]).toEqual([0, 5000])
  for (const plan of await plansOf((db) => unread(db, { roomId: id, from, to }))) {
    expect(plan).not.toMatch(/Seq Scan on messages|Rows Removed by/)
    for (const [, rows] of plan.matchAll(/ on messages.*actual.* rows=(\d+)/g))
      expect(Number(rows)).toBeLessThanOrEqual(5000)
  }
})
