import { internal, notifications } from '@wealist/contract/noti'
import type { Item } from '@wealist/contract/noti/internal'
import { actor, type NotiService, notiService, workspaceId } from '@wealist/dev/testing/noti-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

let service: NotiService
let alice: { id: string }
let bob: { id: string }
let chatId: string
beforeAll(async () => void (service = await notiService()))
afterAll(() => service.stop())
beforeEach(() => {
  alice = { id: newId() }
  bob = { id: newId() }
  chatId = newId()
})

const shown = async (person: { id: string }) =>
  (await service.as(person)(notifications.list, { query: {} })).items.map((n) => [n.count, n.isRead, n.message])
const unread = async (person: { id: string }) => (await service.as(person)(notifications.unreadCount, {})).count
const said = (excerpt: string, totals: [person: { id: string }, count: number, seq: number][]): Item => ({
  eventId: `message:${newId()}`,
  source: 'chat',
  type: 'chat_message',
  recipients: totals.map(([{ id }]) => id),
  actorId: actor,
  workspaceId,
  data: { actorName: 'Bob', chatId, chatName: 'Tea', messageId: newId(), excerpt },
  fold: `room:${chatId}`,
  totals: totals.map(([, count, seq]) => ({ count, seq })),
})
const stand = (person: { id: string }, count: number, seq: number, readSeq = 0) =>
  service.internal(internal.stand, {
    body: { items: [{ source: 'chat', fold: `room:${chatId}`, recipientId: person.id, count, seq, readSeq }] },
  })
const mention = (seq: number, of = chatId): Item => ({
  eventId: `message:${newId()}`,
  source: 'chat',
  type: 'mention',
  recipients: [alice.id, bob.id],
  actorId: actor,
  workspaceId,
  data: { actorName: 'Bob', chatId, chatName: 'Tea', messageId: newId(), excerpt: `m${seq}` },
  within: { fold: `room:${of}`, seq },
})
const unreadMentions = async (person: { id: string }) =>
  (await service.as(person)(notifications.list, { query: { unreadOnly: 'true' } })).items.map(
    (n) => (n.data as { excerpt: string }).excerpt,
  )

test('a folded notification counts what its source counts for each reader, however often it is told', async () => {
  const items = [
    said('m5', [
      [alice, 5, 5],
      [bob, 2, 5],
    ]),
    said('m6', [
      [bob, 3, 6],
      [alice, 8, 6],
    ]),
  ]
  for (const item of [...items, ...items]) await service.tell(item)
  expect(await shown(alice)).toEqual([[8, false, '8 new messages, the last from Bob: m6']])
  expect(await shown(bob)).toEqual([[3, false, '3 new messages, the last from Bob: m6']])
})

test('of items and readings that overtake each other the newest holds', async () => {
  await service.tell(said('m6', [[alice, 6, 6]]))
  expect(await service.tell(said('m5', [[alice, 5, 5]]))).toEqual({ created: 0, duplicates: 1 })
  await stand(alice, 3, 5)
  expect(await shown(alice)).toEqual([[6, false, '6 new messages, the last from Bob: m6']])
  await stand(alice, 0, 12)
  await service.tell(said('late', [[alice, 6, 11]]))
  await stand(alice, 4, 11)
  expect(await shown(alice)).toEqual([[6, true, '6 new messages, the last from Bob: m6']])
  // Somebody may read before they are told of anything.
  await stand(bob, 0, 12)
  await service.tell(said('late', [[bob, 6, 6]]))
  expect(await shown(bob)).toEqual([])
})

test('reading what a notification stands for marks it read in list, count and stream; what comes after is a new one', async () => {
  const heard = await service.listen(alice)
  await heard.find((e) => e.event === 'ready')
  await service.tell(said('m2', [[alice, 2, 2]]))
  await stand(alice, 1, 3)
  expect(await shown(alice)).toEqual([[1, false, 'Bob: m2']])
  await stand(alice, 0, 4)
  await stand(alice, 0, 4)
  expect(await unread(alice)).toBe(0)
  const counted = { event: 'unread', data: { payload: { count: 0, seq: 3 } } }
  expect(
    await heard.find((e) => e.event === 'unread' && (e.data.payload as never as { seq: number }).seq === 3),
  ).toMatchObject(counted)
  expect(await heard.find((e) => e.event === 'notification.read')).toMatchObject({
    data: { seq: 3, payload: { isRead: true } },
  })
  await service.tell(said('m3', [[alice, 1, 5]]))
  expect(await shown(alice)).toEqual([
    [1, false, 'Bob: m3'],
    [1, true, 'Bob: m2'],
  ])
  heard.close()
})

test('a message is told also where its number came before it', async () => {
  await stand(alice, 2, 8)
  await service.tell(said('m5', [[alice, 2, 8]]))
  expect(await shown(alice)).toEqual([[2, false, '2 new messages, the last from Bob: m5']])
})

test('a mention within a fold is read once its reader has read so far there, and those after it stay unread', async () => {
  await service.tell(mention(3), mention(5), mention(4, newId()))
  const heard = await service.listen(alice)
  await heard.find((e) => e.event === 'ready')
  await stand(alice, 1, 9, 4)
  expect(await unreadMentions(alice)).toEqual(['m4', 'm5'])
  expect(await unreadMentions(bob)).toEqual(['m4', 'm5', 'm3'])
  expect(await heard.find((e) => e.event === 'notification.read')).toMatchObject({
    data: { payload: { isRead: true, data: { excerpt: 'm3' } } },
  })
  await stand(alice, 0, 10, 5)
  await stand(alice, 0, 10, 5)
  expect(await unreadMentions(alice)).toEqual(['m4'])
  expect((await service.as(alice)(notifications.list, { query: {} })).seq).toBe(5)
  heard.close()
})

test('a mention that comes after its reader has read past it is not told, also where older readings come last', async () => {
  await service.tell(said('m9', [[alice, 1, 19]]))
  await stand(alice, 1, 18, 7)
  await stand(alice, 2, 12, 2)
  await service.tell(mention(7), mention(8))
  expect(await unreadMentions(alice)).toEqual(['m8', 'm9'])
  expect(await unreadMentions(bob)).toEqual(['m8', 'm7'])
})

test('mentions are read with the room however many there are', async () => {
  await service.tell(...Array.from({ length: 100 }, (_, i) => mention(i + 1)))
  await service.tell(...Array.from({ length: 5 }, (_, i) => mention(i + 101)))
  await stand(alice, 0, 300, 104)
  expect(await unreadMentions(alice)).toEqual(['m105'])
})

test('more than a source counts is not told as a number', async () => {
  await service.tell(said('m', [[alice, 100, 100]]))
  expect(await shown(alice)).toEqual([[100, false, '99+ new messages, the last from Bob: m']])
})

test('numbers come with a fold and one for each recipient, or not at all', async () => {
  const item = said('m', [[alice, 1, 1]])
  const refused = { code: 'VALIDATION_ERROR' }
  await expect(service.tell({ ...item, recipients: [alice.id, bob.id] } as Item)).rejects.toMatchObject(refused)
  await expect(service.tell({ ...item, fold: undefined } as Item)).rejects.toMatchObject(refused)
})
