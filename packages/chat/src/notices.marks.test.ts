import { messages, rooms } from '@wealist/contract/chat'
import { notifications } from '@wealist/contract/noti'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { type NotiService, notiService } from '@wealist/dev/testing/noti-service'
import { afterAll, beforeAll, expect, test } from 'vitest'

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
