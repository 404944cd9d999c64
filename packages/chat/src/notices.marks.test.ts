import { messages, participants, rooms } from '@wealist/contract/chat'
import { internal, notifications } from '@wealist/contract/noti'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { type NotiService, notiService } from '@wealist/dev/testing/noti-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as marks from './notices.marks.ts'
import * as notices from './notices.sql.ts'

let noti: NotiService
let service: ChatService
beforeAll(async () => {
  noti = await notiService()
  service = await chatService({ NOTI_URL: noti.url, NOTI_KEY: 'test-key' })
})
afterAll(async () => {
  await service.stop()
  await noti.stop()
})

const alice = () => service.people.alice
const bob = () => service.people.bob
/** What Bob is shown of a room. */
const shown = async (chatId: string) =>
  (await noti.as(bob())(notifications.list, { query: {} })).items
    .filter((n) => (n.data as { chatId?: string }).chatId === chatId)
    .map((n) => [n.count, n.isRead, n.message])
const shows = async (id: string, ...all: [count: number, isRead: boolean, message: string][]) =>
  await expect.poll(() => shown(id), { timeout: 15_000, interval: 50 }).toEqual(all)
const unreadCount = async (id: string) => (await service.as(bob())(rooms.get, { params: { id } })).unreadCount
const read = (id: string, seq: number) => service.as(bob())(rooms.read, { params: { id }, body: { seq } })
const jobsOf = (name: string, id: string) =>
  service.rows(
    `select from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
      where t.identifier = $1 and j.payload->>'roomId' = $2`,
    [name, id],
  )

test('a notification says how many messages are unread, is read with the room, and counts anew after that', async () => {
  const { id } = await service.group()
  for (const n of [1, 2, 3, 4, 5]) await service.say(alice(), id, `m${n}`)
  await shows(id, [5, false, '5 new messages, the last from Alice: m5'])
  expect(await unreadCount(id)).toBe(5)
  const { seq } = await service.say(alice(), id, 'm6')
  await shows(id, [6, false, '6 new messages, the last from Alice: m6'])
  await read(id, seq - 2)
  await shows(id, [2, false, '2 new messages, the last from Alice: m6'])
  await read(id, seq)
  await shows(id, [2, true, '2 new messages, the last from Alice: m6'])
  expect((await noti.as(bob())(notifications.unreadCount, {})).count).toBe(0)
  await service.say(alice(), id, 'm7')
  await shows(id, [1, false, 'Alice: m7'], [2, true, '2 new messages, the last from Alice: m6'])
})

test('many reads at once are one job, and who reads along before anybody was told makes none', async () => {
  const { id } = await service.group()
  const first = await service.say(alice(), id, 'one')
  await read(id, first.seq)
  expect(await service.rows(`select from kit.outbox where task = 'noti.read'`)).toEqual([])
  expect(await jobsOf('noti.read', id)).toEqual([])
  const said = [await service.say(alice(), id, 'two'), await service.say(alice(), id, 'three')]
  await shows(id, [2, false, '2 new messages, the last from Alice: three'])
  for (const { seq } of said) await read(id, seq)
  await expect.poll(() => jobsOf('noti.read', id), { interval: 10 }).toHaveLength(1)
  await shows(id, [2, true, '2 new messages, the last from Alice: three'])
})

test('the words of a deleted message leave the notification, and the number follows', async () => {
  const { id } = await service.group()
  const said = [await service.say(alice(), id, 'one'), await service.say(alice(), id, 'two')]
  const secret = await service.say(alice(), id, 'secret-of-alice')
  await shows(id, [3, false, '3 new messages, the last from Alice: secret-of-alice'])
  await service.as(alice())(messages.remove, { params: { id: secret.id } })
  await shows(id, [2, false, '2 new messages, the last from Alice.'])
  expect(await unreadCount(id)).toBe(2)
  expect(JSON.stringify(await noti.rows('select payload from kit.events'))).not.toContain('secret-of-alice')
  for (const message of said) await service.as(alice())(messages.remove, { params: { id: message.id } })
  await expect.poll(async () => (await shown(id)).map(([, isRead]) => isRead), { timeout: 5000 }).toEqual([true])
})

test('a mention is read with its room, up to where the room was read', async () => {
  const { id } = await service.group()
  const first = await service.say(alice(), id, '@Bob one', { mentions: [bob().id] })
  await shows(id, [1, false, 'Alice mentioned you in the chat “Tea”: @Bob one'])
  const second = await service.say(alice(), id, '@Bob two', { mentions: [bob().id] })
  const two = 'Alice mentioned you in the chat “Tea”: @Bob two'
  await shows(id, [1, false, two], [1, false, 'Alice mentioned you in the chat “Tea”: @Bob one'])
  await read(id, first.seq)
  expect(await unreadCount(id)).toBe(1)
  await shows(id, [1, false, two], [1, true, 'Alice mentioned you in the chat “Tea”: @Bob one'])
  await read(id, second.seq)
  await shows(id, [1, true, two], [1, true, 'Alice mentioned you in the chat “Tea”: @Bob one'])
})

test('an edited message is quoted as it is now, read or unread as it was, and not at all once it is deleted', async () => {
  const { id } = await service.group()
  const { id: messageId } = await service.say(alice(), id, 'secret-draft')
  await shows(id, [1, false, 'Alice: secret-draft'])
  const edit = (content: string) =>
    service.as(alice())(messages.update, { params: { id: messageId }, body: { content } })
  await edit('final')
  await shows(id, [1, false, 'Alice: final'])
  await read(id, 100)
  await shows(id, [1, true, 'Alice: final'])
  await edit('secret-again')
  await shows(id, [1, true, 'Alice: secret-again'])
  await edit('secret-last')
  await service.as(alice())(messages.remove, { params: { id: messageId } })
  await shows(id, [1, true, 'Alice sent a message.'])
  await expect
    .poll(() => service.rows(`select from graphile_worker.jobs where task_identifier = 'noti.edited'`))
    .toEqual([])
  expect(await shown(id)).toEqual([[1, true, 'Alice sent a message.']])
  expect(JSON.stringify(await noti.rows('select payload from kit.events'))).not.toContain('secret')
})

test('a mention that an edit takes out stays, as it was, and quotes the new words', async () => {
  const { id } = await service.group()
  const said = await service.say(alice(), id, '@Bob secret-plan', { mentions: [bob().id] })
  const quotes = (words: string) => `Alice mentioned you in the chat “Tea”: ${words}`
  await shows(id, [1, false, quotes('@Bob secret-plan')])
  await service.as(alice())(messages.update, { params: { id: said.id }, body: { content: 'never mind', mentions: [] } })
  await shows(id, [1, false, quotes('never mind')])
  expect(JSON.stringify(await noti.rows('select payload from kit.events'))).not.toContain('secret-plan')
  await read(id, said.seq)
  await shows(id, [1, true, quotes('never mind')])
})

/** A group in which Bob was told of a message, and of a mention. */
const told = async (people = [bob().id]) => {
  const { id } = await service.group(people)
  await service.say(alice(), id, '@Bob come', { mentions: [bob().id] })
  await shows(id, [1, false, mentioned])
  await service.say(alice(), id, 'now')
  await shows(id, [2, false, twoNew], [1, false, mentioned])
  return id
}
const mentioned = 'Alice mentioned you in the chat “Tea”: @Bob come'
const twoNew = '2 new messages, the last from Alice: now'
const remove = (by: { id: string }) => (id: string) =>
  service.as(by)(participants.remove, { params: { id, userId: bob().id } })

test.each<[string, (id: string) => Promise<unknown>]>([
  ['was deleted', (id) => service.as(alice())(rooms.remove, { params: { id } })],
  ['they were taken out of', (id) => remove(alice())(id)],
  ['they left', (id) => remove(bob())(id)],
  [
    'they were the last to leave',
    async (id) => {
      await service.as(alice())(participants.remove, { params: { id, userId: alice().id } })
      await remove(bob())(id)
    },
  ],
])('nothing stays unread of a room that %s: neither its messages nor a mention in it', async (_, end) => {
  const count = async () => (await noti.as(bob())(notifications.unreadCount, {})).count
  const before = await count()
  const id = await told()
  expect(await count()).toBe(before + 2)
  await end(id)
  await shows(id, [2, true, twoNew], [1, true, mentioned])
  expect(await count()).toBe(before)
})

test('nothing stays unread of the rooms of a workspace that somebody left, of a direct one neither', async () => {
  const guest = { id: newId(), name: 'Guest' }
  await service.setMember(guest.id, 'member')
  const { workspaceId } = service
  const body = { workspaceId, type: 'direct' as const, participantIds: [guest.id] }
  const all = [await service.as(alice())(rooms.create, { body }), await service.group([guest.id])]
  for (const { id } of all) await service.say(alice(), id, 'hello')
  const count = async () => (await noti.as(guest)(notifications.unreadCount, {})).count
  await expect.poll(count, { timeout: 15_000 }).toBe(2)
  await service.setMember(guest.id, null)
  await service.followDirectory()
  await expect.poll(count, { timeout: 5000 }).toBe(0)
})

test('what was on its way to somebody who left is not told, and whoever is back is told of what is said then', async () => {
  const id = await told()
  const [{ room, mark }] = (await service.rows<{ room: number; mark: number }>(
    `select h.head::int as room, p.read_seq::int as mark from kit.heads h, participants p
      where topic = 'room:' || p.room_id and p.room_id = $1 and p.user_id = $2`,
    [id, bob().id],
  )) as [{ room: number; mark: number }]
  await remove(alice())(id)
  await shows(id, [2, true, twoNew], [1, true, mentioned])
  // What a job that had read it before they left may still say.
  const late = {
    source: 'chat' as const,
    recipients: [bob().id],
    actorId: alice().id,
    workspaceId: service.workspaceId,
    data: { actorName: 'Alice', chatId: id, chatName: 'Tea', messageId: newId(), excerpt: 'late' },
  }
  const fold = `room:${id}`
  await noti.tell(
    { ...late, eventId: newId(), type: 'mention', within: { fold, seq: room } },
    { ...late, eventId: newId(), type: 'chat_message', fold, totals: [{ count: 3, seq: mark + room }] },
  )
  await noti.internal(internal.stand, {
    body: { items: [{ source: 'chat', fold, recipientId: bob().id, count: 3, seq: mark + room, readSeq: mark }] },
  })
  expect(await shown(id)).toEqual([
    [2, true, twoNew],
    [1, true, mentioned],
  ])
  await service.as(alice())(participants.add, { params: { id }, body: { userId: bob().id } })
  const before = [
    [2, true, twoNew],
    [1, true, mentioned],
  ] as [number, boolean, string][]
  await service.say(alice(), id, '@Bob welcome', { mentions: [bob().id] })
  const welcome = 'Alice mentioned you in the chat “Tea”: @Bob welcome'
  await shows(id, [1, false, welcome], ...before)
  await service.say(alice(), id, 'again')
  await shows(id, [2, false, '2 new messages, the last from Alice: again'], [1, false, welcome], ...before)
})

test('whoever is back before it is said that they left keeps what they then have unread', async () => {
  const id = await told()
  await service.running.base.db.tx(async (tx) => marks.left(tx, { roomId: id, userIds: [bob().id] }))
  const { seq } = await service.say(alice(), id, 'more')
  await shows(id, [3, false, '3 new messages, the last from Alice: more'], [1, false, mentioned])
  expect(await jobsOf('noti.left', id)).toEqual([])
  expect((await service.as(bob())(rooms.get, { params: { id } })).unreadCount).toBe(3)
  await read(id, seq)
  await shows(id, [3, true, '3 new messages, the last from Alice: more'], [1, true, mentioned])
})

test('nobody comes back while it is read how far a room was when they left', async () => {
  const id = await told()
  await remove(alice())(id)
  await shows(id, [2, true, twoNew], [1, true, mentioned])
  const add = () => service.as(alice())(participants.add, { params: { id }, body: { userId: bob().id } })
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  const { added, left } = await service.running.base.db.tx(async (tx) => {
    const [found] = await notices.countsOfLeft(tx, { roomId: id, people: [bob().id] })
    const asked = add()
    await expect.poll(() => service.rows(waiting)).toHaveLength(1)
    await service.say(alice(), id, 'meanwhile')
    return { added: asked, left: found! }
  })
  await added
  const [back] = await notices.counts(service.running.base.db, { roomId: id, people: [bob().id], limit: 1 })
  expect(left).toMatchObject({ count: 0, seq: 2 * left.readSeq })
  expect(back!.readSeq).toBeGreaterThanOrEqual(left.readSeq)
  expect(back!.seq).toBeGreaterThan(left.seq)
})

test('of a deleted room however many people hear, once each, and nobody of one in which nobody was told of anything', async () => {
  const guests = Array.from({ length: 150 }, () => newId())
  for (const userId of guests) await service.setMember(userId, 'member')
  const [{ id }, quiet] = [await service.group(guests), await service.group(guests)]
  await service.say(alice(), id, 'one')
  const unread = async (roomId: string) =>
    (await noti.rows(`select from notifications where read_at is null and fold_key = $1`, [`room:${roomId}`])).length
  await expect.poll(() => unread(id), { timeout: 20_000 }).toBe(150)
  for (const roomId of [id, quiet.id]) await service.as(alice())(rooms.remove, { params: { id: roomId } })
  await expect.poll(() => unread(id), { timeout: 20_000 }).toBe(0)
  await expect.poll(() => service.rows(`select from kit.outbox where task = 'noti.left'`)).toEqual([])
  for (const roomId of [id, quiet.id]) await expect.poll(() => jobsOf('noti.left', roomId)).toEqual([])
  const known = (roomId: string) => noti.rows(`select from folds where fold_key = $1`, [`room:${roomId}`])
  expect(await known(id)).toHaveLength(guests.length + 1)
  expect(await known(quiet.id)).toEqual([])
})
