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
  (await service.as(person)(notifications.list, { query: {} })).items.map((n) => [n.isRead, n.message])
const said = (excerpt: string): Item => ({
  eventId: `message:${newId()}`,
  source: 'chat',
  type: 'chat_message',
  recipients: [alice.id, bob.id],
  actorId: actor,
  workspaceId,
  data: { actorName: 'Bob', chatId, chatName: 'Tea', messageId: newId(), excerpt },
  fold: `room:${chatId}`,
})
const withdraw = ({ eventId }: Item) => service.internal(internal.withdraw, { body: { source: 'chat', eventId } })
const reword = ({ eventId }: Item, version: number, excerpt: string) =>
  service.internal(internal.withdraw, { body: { source: 'chat', eventId, instead: { version, excerpt } } })
const log = async () => JSON.stringify(await service.rows('select payload from kit.events'))
const done = async () =>
  await expect
    .poll(() =>
      service.rows('select from receipts where notification_id is not null and recipient_id = $1', [alice.id]),
    )
    .toEqual([])

test('withdrawn words are gone from every list and from the log, read or unread, and listeners hear of it', async () => {
  const item = said('secret-one')
  await service.tell(item)
  const heard = await service.listen(alice)
  await heard.find((e) => e.event === 'ready')
  const [of] = (await service.as(bob)(notifications.list, { query: {} })).items
  await service.as(bob)(notifications.read, { params: { id: of!.id } })
  await withdraw(item)
  await done()
  expect(await shown(alice)).toEqual([[false, 'Bob sent a message.']])
  expect(await shown(bob)).toEqual([[true, 'Bob sent a message.']])
  expect(await heard.find((e) => e.event === 'notification')).toMatchObject({
    data: { payload: { message: 'Bob sent a message.' } },
  })
  expect(await log()).not.toContain('secret-one')
  heard.close()
})

test('words that a later message has replaced leave the log, and the later ones stand until they are withdrawn', async () => {
  const [first, second] = [said('secret-two'), said('still here')]
  await service.tell(first, second)
  await withdraw(first)
  await expect.poll(log).not.toContain('secret-two')
  expect(await shown(alice)).toEqual([[false, '2 new messages, the last from Bob: still here']])
  await withdraw(second)
  await done()
  expect(await shown(alice)).toEqual([[false, '2 new messages, the last from Bob.']])
  const korean = await service.as(alice)(notifications.list, { query: {} }, { 'accept-language': 'ko' })
  expect(korean.items.map((n) => n.message)).toEqual(['새 메시지 2개. Bob님이 마지막으로 보냈습니다.'])
})

test('what is told after its words were withdrawn is told without them', async () => {
  const item = said('secret-three')
  await withdraw(item)
  await service.tell(item)
  expect(await shown(alice)).toEqual([[false, 'Bob sent a message.']])
  expect(await log()).not.toContain('secret-three')
})

test('a mention loses its words, what has none stays as it is, and withdrawing twice changes nothing more', async () => {
  const { fold: _, ...plain } = said('secret-four') as Extract<Item, { type: 'chat_message' }>
  const item: Item = { ...plain, type: 'mention' }
  await service.tell(item)
  await withdraw(item)
  await done()
  const before = await service.as(alice)(notifications.list, { query: {} })
  expect(before.items.map((n) => [n.type, n.data])).toEqual([['mention', { ...plain.data, excerpt: '' }]])
  await withdraw(item)
  await expect
    .poll(() => service.rows('select from graphile_worker.jobs where key not like $1', ['%again']))
    .toEqual([])
  expect(await service.as(alice)(notifications.list, { query: {} })).toEqual(before)
})

test('words that stand instead are quoted in their place: what was read stays read, and what was unread in its place', async () => {
  const item = said('secret-five')
  await service.tell(item)
  const [of] = (await service.as(bob)(notifications.list, { query: {} })).items
  await service.as(bob)(notifications.read, { params: { id: of!.id } })
  const heard = await service.listen(alice)
  await heard.find((e) => e.event === 'ready')
  await reword(item, 2, 'better')
  await expect.poll(() => shown(alice)).toEqual([[false, 'Bob: better']])
  await expect.poll(() => shown(bob)).toEqual([[true, 'Bob: better']])
  const { createdAt } = (await service.as(alice)(notifications.list, { query: {} })).items[0]!
  const correction = await heard.find((e) => e.event === 'notification')
  expect(correction).toMatchObject({ data: { payload: { message: 'Bob: better', createdAt } } })
  expect(await log()).not.toContain('secret-five')
  heard.close()
})

test('of words that stand instead the newest hold, in whatever order they come, and none after they were deleted', async () => {
  const item = said('secret-six')
  await service.tell(item)
  await reword(item, 3, 'third')
  await reword(item, 2, 'secret-second')
  await expect.poll(() => shown(alice)).toEqual([[false, 'Bob: third']])
  await withdraw(item)
  await reword(item, 4, 'secret-fourth')
  await done()
  expect(await shown(alice)).toEqual([[false, 'Bob sent a message.']])
  expect(
    await service.rows('select from withdrawn_events where event_id = $1 and excerpt is not null', [item.eventId]),
  ).toEqual([])
  expect(await log()).not.toContain('secret-s')
})

test('what is told after its words have changed is told with the new ones, and follows what comes after', async () => {
  const item = said('secret-seven')
  await reword(item, 2, 'second')
  await service.tell(item)
  expect(await shown(alice)).toEqual([[false, 'Bob: second']])
  expect(await log()).not.toContain('secret-seven')
  await reword(item, 3, 'third')
  await expect.poll(() => shown(alice)).toEqual([[false, 'Bob: third']])
})

test('a change of words that a later message has replaced leaves the later ones', async () => {
  const [first, second] = [said('one'), said('two')]
  await service.tell(first, second)
  await reword(first, 2, 'changed')
  await expect
    .poll(() => service.rows('select from receipts where words_version = 2 and event_id = $1', [first.eventId]))
    .toHaveLength(2)
  expect(await shown(alice)).toEqual([[false, '2 new messages, the last from Bob: two']])
})
