import { messages, participants, rooms } from '@wealist/contract/chat'
import type { Room } from '@wealist/contract/chat/rooms'
import { codeOf } from '@wealist/dev/testing/board-service'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { leaveRooms } from './directory.ts'

let service: ChatService
let people: ChatService['people']

beforeAll(async () => {
  service = await chatService()
  people = service.people
})
afterAll(() => service.stop())

const as = (who: keyof ChatService['people']) => service.as(people[who])
const mine = async (who: keyof ChatService['people']) =>
  (await as(who)(rooms.list, { query: { workspaceId: service.workspaceId, limit: 100 } })).items

test('two people have one direct room, whoever begins it, and ten who begin it at once get the same one', async () => {
  const begin = (who: 'alice' | 'vera', other: string) =>
    as(who)(rooms.create, { body: { workspaceId: service.workspaceId, type: 'direct', participantIds: [other] } })
  const made = await Promise.all(
    Array.from({ length: 10 }, (_, i) => (i % 2 ? begin('alice', people.vera.id) : begin('vera', people.alice.id))),
  )
  expect(new Set(made.map((r) => r.id)).size).toBe(1)
  expect(made[0]).toMatchObject({ type: 'direct', name: null, participantCount: 2, unreadCount: 0 })
  const id = made[0]!.id
  expect(await codeOf(as('alice')(rooms.remove, { params: { id } }))).toBe('FORBIDDEN')
  expect(await codeOf(as('alice')(participants.remove, { params: { id, userId: people.alice.id } }))).toBe('CONFLICT')
  expect(await codeOf(as('alice')(participants.add, { params: { id }, body: { userId: people.bob.id } }))).toBe(
    'CONFLICT',
  )
})

test.each([
  ['a direct room with oneself', { type: 'direct', participantIds: ['alice'] }],
  ['a direct room for three', { type: 'direct', participantIds: ['bob', 'vera'] }],
  ['a direct room with a name', { type: 'direct', name: 'Us', participantIds: ['bob'] }],
  ['a group without a name', { type: 'group', participantIds: ['bob'] }],
  ['a project room without a project', { type: 'project', name: 'P', participantIds: [] }],
  ['a stranger', { type: 'group', name: 'G', participantIds: ['bob', 'mallory'] }],
  ['the same person twice', { type: 'group', name: 'G', participantIds: ['bob', 'bob'] }],
] as const)('%s is refused with 400 and makes nothing', async (_, { participantIds, ...body }) => {
  const before = await service.rows('select from rooms')
  const ids = participantIds.map((who) => people[who as 'bob'].id)
  expect(
    await codeOf(
      as('alice')(rooms.create, { body: { workspaceId: service.workspaceId, ...body, participantIds: ids } as never }),
    ),
  ).toBe('VALIDATION_ERROR')
  expect(await service.rows('select from rooms')).toHaveLength(before.length)
})

test('a room is for those in it alone: whoever is not gets 404 from every one of its routes', async () => {
  const { id } = await service.group()
  const said = await service.say(people.alice, id, 'secret')
  for (const who of ['vera', 'mallory'] as const) {
    const ask = as(who)
    const codes = await Promise.all([
      codeOf(ask(rooms.get, { params: { id } })),
      codeOf(ask(rooms.update, { params: { id }, body: { name: 'x' } })),
      codeOf(ask(rooms.remove, { params: { id } })),
      codeOf(ask(rooms.read, { params: { id }, body: { seq: 1 } })),
      codeOf(ask(participants.list, { params: { id }, query: {} })),
      codeOf(ask(participants.add, { params: { id }, body: { userId: people[who].id } })),
      codeOf(ask(participants.remove, { params: { id, userId: people.bob.id } })),
      codeOf(ask(messages.list, { params: { id }, query: {} })),
      codeOf(ask(messages.send, { params: { id }, body: { clientId: newId(), content: 'x' } })),
      codeOf(ask(messages.update, { params: { id: said.id }, body: { content: 'x' } })),
      codeOf(ask(messages.remove, { params: { id: said.id } })),
      codeOf(ask(messages.react, { params: { id: said.id, emoji: '👍' } })),
    ])
    expect(new Set(codes)).toEqual(new Set(['NOT_FOUND']))
  }
  expect((await mine('vera')).some((r) => r.id === id)).toBe(false)
})

test('the list has the newest activity first, with the last message and what I have not read', async () => {
  const [a, b] = [await service.group(), await service.group()]
  await service.say(people.alice, a.id, 'one')
  await service.say(people.alice, b.id, 'two')
  const last = await service.say(people.alice, a.id, 'three')
  const [first, second] = await mine('bob')
  expect(first).toMatchObject({ id: a.id, unreadCount: 2, lastMessage: { content: 'three' }, activeAt: last.createdAt })
  expect(second).toMatchObject({ id: b.id, unreadCount: 1 })
  expect((await mine('alice')).find((r) => r.id === a.id)!.unreadCount).toBe(0)
  const marked = await as('bob')(rooms.read, { params: { id: a.id }, body: { seq: last.seq } })
  expect(marked).toEqual({ readSeq: last.seq, unreadCount: 0 })
  // Only forward, and never past the end.
  expect(await as('bob')(rooms.read, { params: { id: a.id }, body: { seq: 1 } })).toEqual(marked)
  const far = await as('bob')(rooms.read, { params: { id: a.id }, body: { seq: 1_000_000 } })
  expect(far.readSeq).toBe(last.seq)
  await service.say(people.alice, a.id, 'four')
  expect((await as('bob')(rooms.get, { params: { id: a.id } })).unreadCount).toBe(1)
})

test('a room of the list says how far it has come, with what is no message: who follows it from there misses nothing', async () => {
  const { id } = await service.group()
  const said = await service.say(people.alice, id, 'one')
  await as('bob')(messages.react, { params: { id: said.id, emoji: '👍' } })
  const { seq } = await as('bob')(rooms.get, { params: { id } })
  expect(seq).toBeGreaterThan(said.seq)
  expect((await mine('bob')).find((r) => r.id === id)).toMatchObject({ seq, lastMessage: { seq: said.seq } })
})

test('rooms come page by page, each once, and as many statements however many there are', async () => {
  const ids = new Set<string>()
  let cursor: string | undefined
  const counts = new Set<number>()
  do {
    service.statements.length = 0
    const page = await as('alice')(rooms.list, {
      query: { workspaceId: service.workspaceId, limit: 2, ...(cursor && { cursor }) },
    })
    counts.add(service.statements.length)
    for (const { id } of page.items) expect(ids.has(id) || !ids.add(id)).toBe(false)
    cursor = page.nextCursor ?? undefined
  } while (cursor)
  expect([...ids].toSorted()).toEqual((await mine('alice')).map((r) => r.id).toSorted())
  expect([...counts]).toEqual([1])
})

test('an admin renames, removes people and deletes; a member does not; the last admin hands on and an empty room ends', async () => {
  const { id } = await service.group()
  const one = (userId: string) => ({ params: { id, userId } })
  expect(await codeOf(as('bob')(rooms.update, { params: { id }, body: { name: 'x' } }))).toBe('FORBIDDEN')
  expect(await codeOf(as('bob')(rooms.remove, { params: { id } }))).toBe('FORBIDDEN')
  expect(await codeOf(as('bob')(participants.remove, one(people.alice.id)))).toBe('FORBIDDEN')
  expect((await as('alice')(rooms.update, { params: { id }, body: { name: 'Supper' } })).name).toBe('Supper')
  // Everybody brings people, admins alone make admins.
  await as('bob')(participants.add, { params: { id }, body: { userId: people.vera.id } })
  expect(await codeOf(as('bob')(participants.add, { params: { id }, body: { userId: people.vera.id } }))).toBe(
    'ALREADY_EXISTS',
  )
  expect(await codeOf(as('bob')(participants.add, { params: { id }, body: { userId: people.mallory.id } }))).toBe(
    'VALIDATION_ERROR',
  )
  expect(await codeOf(as('alice')(participants.update, { ...one(people.alice.id), body: { role: 'member' } }))).toBe(
    'CONFLICT',
  )
  await as('alice')(participants.remove, one(people.alice.id))
  const left = (await as('bob')(participants.list, { params: { id }, query: {} })).items
  expect(left.map((p) => [p.userId, p.role])).toEqual([
    [people.bob.id, 'admin'],
    [people.vera.id, 'member'],
  ])
  await as('vera')(participants.remove, one(people.vera.id))
  await as('bob')(participants.remove, one(people.bob.id))
  expect(await service.rows('select from rooms where id = $1 and deleted_at is not null', [id])).toHaveLength(1)
})

test('of two who are brought into a room for one more at once, one comes in', async () => {
  const { id } = await service.group()
  await service.rows(
    `insert into participants (room_id, user_id, workspace_id, role) select $1, gen_random_uuid(), $2, 'member' from generate_series(1, 997)`,
    [id, service.workspaceId],
  )
  const guests = [newId(), newId()]
  for (const userId of guests) await service.setMember(userId, 'member')
  // Both have done all but take their place in the room's log before either ends.
  const holder = await service.running.base.db.pool.connect()
  await holder.query('begin')
  await holder.query('select from kit.heads where topic = $1 for update', [`room:${id}`])
  const adding = guests.map((userId) => codeOf(as('alice')(participants.add, { params: { id }, body: { userId } })))
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await expect.poll(() => service.rows(waiting)).toHaveLength(2)
  await holder.query('commit')
  holder.release()
  expect((await Promise.all(adding)).toSorted()).toEqual(['CONFLICT', 'OK'])
  expect(await service.rows('select from participants where room_id = $1', [id])).toHaveLength(1000)
})

test('an admin who deletes, removes and promotes at once is answered each time, and nobody waits for a deadlock', async () => {
  for (let round = 0; round < 5; round++) {
    const room = await service.group([people.bob.id, people.vera.id])
    const admin = as('alice')
    const at = { id: room.id, userId: people.bob.id }
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        codeOf(
          i % 3 === 0
            ? admin(rooms.remove, { params: { id: room.id } })
            : i % 3 === 1
              ? admin(participants.update, { params: at, body: { role: 'admin' } })
              : admin(participants.remove, { params: at }),
        ),
      ),
    )
    expect(answers.filter((code) => !['OK', 'NOT_FOUND'].includes(code))).toEqual([])
  }
})

test('who leaves the workspace is out of its rooms, and back in a direct one when it is begun again', async () => {
  const guest = { id: newId(), name: 'Guest' }
  await service.setMember(guest.id, 'member')
  const direct = () =>
    as('alice')(rooms.create, {
      body: { workspaceId: service.workspaceId, type: 'direct', participantIds: [guest.id] },
    })
  const { id } = await direct()
  const group = await service.group([guest.id])
  await service.say(guest, id, 'hello')
  await service.setMember(guest.id, null)
  expect(await codeOf(service.as(guest)(messages.list, { params: { id }, query: {} }))).toBe('NOT_FOUND')
  await service.followDirectory()
  const there = await as('alice')(participants.list, { params: { id: group.id }, query: {} })
  expect(there.items.map((p) => p.userId)).toEqual([people.alice.id])
  await service.setMember(guest.id, 'member')
  expect(await codeOf(service.as(guest)(messages.list, { params: { id: group.id }, query: {} }))).toBe('NOT_FOUND')
  expect((await direct()).id).toBe(id)
  expect((await service.as(guest)(messages.list, { params: { id }, query: {} })).items).toHaveLength(1)
})

test('a direct room says whose it is wherever it is shown, also when the other one is out of it', async () => {
  const guest = { id: newId(), name: 'Guest' }
  await service.setMember(guest.id, 'member')
  const body = { workspaceId: service.workspaceId, type: 'direct' as const, participantIds: [guest.id] }
  const begin = () => as('alice')(rooms.create, { body })
  const { id, pair } = await begin()
  expect(pair?.toSorted()).toEqual([people.alice.id, guest.id].toSorted())
  await service.setMember(guest.id, null)
  await service.followDirectory()
  const listed = (await mine('alice')).find((r) => r.id === id)
  expect(listed).toMatchObject({ pair, participantIds: [people.alice.id], participantCount: 1 })
  expect((await as('alice')(rooms.get, { params: { id } })).pair).toEqual(pair)
  await service.setMember(guest.id, 'member')
  expect((await begin()).pair).toEqual(pair)
  const heard = await service.rows<{ room: Room }>(
    "select payload::json as room from kit.events where type = 'room.added' and payload like $1",
    [`%${id}%`],
  )
  expect(heard.map(({ room }) => room.pair)).toEqual([pair, pair, pair])
  expect((await service.group()).pair).toBeNull()
})

test('somebody who is taken out of a direct room by two at once is said to be gone once', async () => {
  const guest = { id: newId(), name: 'Guest' }
  await service.setMember(guest.id, 'member')
  const { id } = await as('alice')(rooms.create, {
    body: { workspaceId: service.workspaceId, type: 'direct', participantIds: [guest.id] },
  })
  const { db } = service.running.base
  const holder = await db.pool.connect()
  await holder.query('begin')
  await holder.query('select from participants where room_id = $1 for update', [id])
  const both = [1, 2].map(() => db.tx((tx) => leaveRooms(tx, { userId: guest.id, workspaceId: service.workspaceId })))
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'delete from participants%'`
  await expect.poll(() => service.rows(waiting)).toHaveLength(2)
  await holder.query('commit')
  holder.release()
  await Promise.all(both)
  const said = await service.rows<{ type: string }>(
    "select type from kit.events where type in ('participant.removed', 'room.removed') and payload like $1 order by type",
    [`%${id}%`],
  )
  expect(said.map(({ type }) => type)).toEqual(['participant.removed', 'room.removed'])
})

test.each([
  ['makes no room', 'group'],
  ['begins no direct room', 'direct'],
] as const)(
  'whoever has just left %s and is brought into none, however much this process remembers',
  async (_, type) => {
    const guest = { id: newId(), name: 'Guest' }
    await service.setMember(guest.id, 'member')
    const { id } = await service.group()
    const make = (who: { id: string; name: string }, participantIds: string[]) => {
      const { workspaceId } = service
      const name = type === 'group' ? { name: 'Late' } : {}
      return codeOf(service.as(who)(rooms.create, { body: { workspaceId, type, ...name, participantIds } }))
    }
    const add = () => codeOf(as('alice')(participants.add, { params: { id }, body: { userId: guest.id } }))
    const bring = { make: () => make(guest, [people.bob.id]), take: () => make(people.alice, [guest.id]), add }
    for (const [step, refused] of [
      ['make', 'NOT_FOUND'],
      ['take', 'VALIDATION_ERROR'],
      ['add', 'VALIDATION_ERROR'],
    ] as const) {
      // This process knows of all of them, Redis that it is no longer so, and the message of it is lost.
      await service.workspaces.set(service.workspaceId, guest.id, 'member', service.running.base.redis)
      await as('alice')(rooms.list, { query: { workspaceId: service.workspaceId } })
      await service.as(guest)(rooms.list, { query: { workspaceId: service.workspaceId } })
      await service.workspaces.set(service.workspaceId, guest.id, null)
      await service.running.base.redis.incr(`membership:{${service.workspaceId}}`)
      expect(await bring[step]()).toBe(refused)
    }
  },
)

test('a deleted workspace takes its rooms along', async () => {
  const workspaceId = newId()
  for (const { id } of [people.alice, people.bob]) await service.setMember(id, 'member', workspaceId)
  const { id } = await as('alice')(rooms.create, {
    body: { workspaceId, type: 'group', name: 'Gone', participantIds: [people.bob.id] },
  })
  service.workspaces.deleteWorkspace(workspaceId)
  await service.followDirectory()
  expect(await codeOf(as('bob')(rooms.get, { params: { id } }))).toBe('NOT_FOUND')
  const log = await service.rows<{ topic: string; type: string }>(
    "select topic, type from kit.events where type in ('room.deleted', 'room.removed') and payload like $1 order by topic",
    [`%${id}%`],
  )
  expect(log).toEqual(
    [
      { topic: `room:${id}`, type: 'room.deleted' },
      ...[people.alice.id, people.bob.id].map((p) => ({ topic: `user:${p}`, type: 'room.removed' })),
    ].toSorted((x, y) => (x.topic < y.topic ? -1 : 1)),
  )
})
