import { rooms } from '@wealist/contract/chat'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { newId } from '@wealist/kit/ids'
import type { PageRequest } from '@wealist/kit/page'
import type { Queryable, Sql } from '@wealist/kit/sql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as messages from './messages.sql.ts'
import { deserted } from './rooms.sql.ts'

let service: ChatService
const page: PageRequest = { limit: 50, after: null, cursor: () => '' }

// Alice is in 300 of 1,000 rooms with 60,000 messages; the rest is other people's.
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
  await service.rows('analyze')
}, 120_000)
afterAll(() => service.stop())

/** The plan of the statement that is made for a list or for rows. */
const planOf = async (ask: (db: Queryable) => unknown) => {
  let items: Sql | undefined
  await ask({
    page: async (_: PageRequest, list: { items: Sql }) => void (items = list.items),
    rows: async (statement: Sql) => ((items = statement), []),
  } as never)
  const rows = await service.rows<{ 'QUERY PLAN': string }>(
    `explain (analyze, buffers off) ${items!.text}`,
    items!.values,
  )
  return rows.map((r) => r['QUERY PLAN']).join('\n')
}

test.each(['분기보고서', 'c4ca42', '오늘 회의'])(
  'a search for %s uses an index, and reads no other room’s messages one by one',
  async (text) => {
    const { workspaceId, people } = service
    const plan = await planOf((db) =>
      messages.search(db, { workspaceId, userId: people.alice.id, text, roomId: undefined, page }),
    )
    expect(plan).not.toContain('Seq Scan on messages')
    expect(plan).toMatch(/Index/)
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
  const plan = await planOf((db) => deserted(db, { userId: service.people.alice.id, limit: 200 }))
  expect(plan).not.toContain('Seq Scan on rooms')
  for (const index of ['rooms_pair_first', 'rooms_pair_second']) expect(plan).toContain(index)
})
