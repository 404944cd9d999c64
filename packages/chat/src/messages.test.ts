import { messages, participants, rooms } from '@wealist/contract/chat'
import { codeOf } from '@wealist/dev/testing/board-service'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: ChatService
let people: ChatService['people']
let room: { id: string }

beforeAll(async () => {
  service = await chatService()
  people = service.people
  room = await service.group()
})
afterAll(() => service.stop())

const alice = () => service.as(people.alice)
const bob = () => service.as(people.bob)
const say = (content: string, more = {}) => service.say(people.alice, room.id, content, more)

test('messages of a room at once have one dense order, and each says its own place in it', async () => {
  const { id } = await service.group()
  const said = await Promise.all(Array.from({ length: 40 }, (_, n) => service.say(people.bob, id, `m${n}`)))
  const seqs = said.map((m) => m.seq).toSorted((a, b) => a - b)
  // Two came before: Alice and Bob entered.
  expect(seqs).toEqual(Array.from({ length: 40 }, (_, i) => i + 3))
  const page = await alice()(messages.list, { params: { id }, query: { limit: 100 } })
  expect(page.items.map((m) => m.seq)).toEqual(seqs.toReversed())
  expect(page.seq).toBe(42)
  const log = await service.rows<{ seq: string; payload: string }>(
    "select seq, payload from kit.events where topic = $1 and type = 'message' order by seq desc",
    [`room:${id}`],
  )
  expect(log.map((e) => JSON.parse(e.payload) as object)).toEqual(page.items)
})

test('the same clientId five times at once is one message and five equal answers; another person’s is another', async () => {
  const clientId = newId()
  const same = await Promise.all(Array.from({ length: 5 }, () => say('once', { clientId })))
  for (const answer of same) expect(answer).toEqual(same[0])
  expect(await say('again', { clientId })).toEqual(same[0])
  const other = await service.say(people.bob, room.id, 'mine', { clientId })
  expect(other.id).not.toBe(same[0]!.id)
  expect(await service.rows('select from messages where client_id = $1', [clientId])).toHaveLength(2)
})

test('the same clientId again is the first answer though somebody it mentions has left since; who was removed gets 404', async () => {
  const { id } = await service.group([people.bob.id, people.vera.id])
  const input = { clientId: newId(), mentions: [people.vera.id] }
  const first = await service.say(people.bob, id, '@Vera', input)
  await service.as(people.vera)(participants.remove, { params: { id, userId: people.vera.id } })
  expect(await service.say(people.bob, id, '@Vera', input)).toEqual(first)
  expect(await codeOf(service.say(people.bob, id, '@Vera', { ...input, clientId: newId() }))).toBe('VALIDATION_ERROR')
  await alice()(participants.remove, { params: { id, userId: people.bob.id } })
  expect(await codeOf(service.say(people.bob, id, '@Vera', input))).toBe('NOT_FOUND')
})

test('a room is read down from the end, down from a place, up from a place and around a place', async () => {
  const { id } = await service.group()
  for (let i = 0; i < 25; i++) await service.say(people.alice, id, `m${i}`)
  const read = async (query: object) => {
    const page = await alice()(messages.list, { params: { id }, query })
    return { seqs: page.items.map((m) => m.seq), cursor: page.nextCursor }
  }
  const all = Array.from({ length: 25 }, (_, i) => i + 3)
  const down: number[] = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await read({ limit: 10, ...(cursor && { cursor }) })
    down.push(...page.seqs)
    cursor = page.cursor
  }
  expect(down).toEqual(all.toReversed())
  expect((await read({ before: 10, limit: 3 })).seqs).toEqual([9, 8, 7])
  const up: number[] = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await read({ after: 5, limit: 10, ...(cursor && { cursor }) })
    up.push(...page.seqs)
    cursor = page.cursor
  }
  expect(up).toEqual(all.filter((seq) => seq > 5))
  expect(await read({ around: 12, limit: 6 })).toEqual({ seqs: [15, 14, 13, 12, 11, 10], cursor: null })
  expect(await codeOf(read({ around: 12, before: 3 }))).toBe('VALIDATION_ERROR')
  expect((await read({ before: 1 })).seqs).toEqual([])
})

test('its author changes a message, twenty who do at once with If-Match are one; nobody else does', async () => {
  const { id, version } = await say('tpyo')
  expect(await codeOf(bob()(messages.update, { params: { id }, body: { content: 'x' } }))).toBe('FORBIDDEN')
  const codes = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      codeOf(
        alice()(messages.update, { params: { id }, body: { content: `typo ${n}` } }, { 'if-match': `"${version}"` }),
      ),
    ),
  )
  expect(codes.filter((c) => c === 'OK')).toHaveLength(1)
  expect(codes.filter((c) => c === 'VERSION_MISMATCH')).toHaveLength(19)
  const [shown] = (await bob()(messages.list, { params: room, query: { limit: 1 } })).items
  expect(shown).toMatchObject({ id, version: 2 })
  expect(shown!.editedAt).not.toBeNull()
})

test('a deleted message leaves a mark without its words, in the log too; its author and admins may', async () => {
  const mine = await service.say(people.bob, room.id, 'my password is hunter2')
  await bob()(messages.update, { params: { id: mine.id }, body: { content: 'forget hunter2' } })
  const hers = await say('hers')
  expect(await codeOf(bob()(messages.remove, { params: { id: hers.id } }))).toBe('FORBIDDEN')
  await alice()(messages.remove, { params: { id: mine.id } })
  expect(await codeOf(bob()(messages.remove, { params: { id: mine.id } }))).toBe('NOT_FOUND')
  expect(await codeOf(bob()(messages.update, { params: { id: mine.id }, body: { content: 'x' } }))).toBe('NOT_FOUND')
  const { items } = await alice()(messages.list, { params: room, query: {} })
  expect(items.find((m) => m.id === mine.id)).toMatchObject({ content: '', senderName: 'Bob', version: 3 })
  expect(await service.rows("select from kit.events where payload like '%hunter2%'")).toHaveLength(0)
})

test('people answer with emoji: each once, in the order they came, twenty different ones at most', async () => {
  const { id } = await say('cake')
  const react = (ask: ReturnType<typeof alice>, emoji: string) => ask(messages.react, { params: { id, emoji } })
  await Promise.all([react(alice(), '👍'), react(bob(), '👍'), react(bob(), '🎉')])
  await react(bob(), '👍')
  const now = await react(alice(), '👨‍👩‍👧')
  expect(now.reactions.find((r) => r.emoji === '👍')!.userIds.toSorted()).toEqual(
    [people.alice.id, people.bob.id].toSorted(),
  )
  const after = await bob()(messages.unreact, { params: { id, emoji: '🎉' } })
  expect(after.reactions.map((r) => r.emoji)).toEqual(['👍', '👨‍👩‍👧'])
  expect(await codeOf(react(alice(), 'ok'))).toBe('NOT_FOUND')
  const many = [...'😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰😗😙😚']
  for (const emoji of many) await react(alice(), emoji)
  expect(await codeOf(react(alice(), '🙃'))).toBe('CONFLICT')
})

test('of however many people a message takes 2,000 reactions in all, and a place that is given up is free', async () => {
  const { id } = await say('everybody?')
  const full = ['👍', '🎉'].map((emoji) => ({ emoji, userIds: Array.from({ length: 999 }, () => newId()) }))
  await service.rows('update messages set reactions = $2::json where id = $1', [id, JSON.stringify(full)])
  const react = (ask: ReturnType<typeof alice>, emoji: string) => ask(messages.react, { params: { id, emoji } })
  await react(alice(), '👍')
  const taken = await react(bob(), '👍')
  expect(JSON.stringify(taken.reactions).length).toBeLessThan(100 * 1024)
  for (const emoji of ['🎉', '😀']) expect(await codeOf(react(bob(), emoji))).toBe('CONFLICT')
  expect((await react(bob(), '👍')).reactions).toEqual(taken.reactions)
  await alice()(messages.unreact, { params: { id, emoji: '👍' } })
  expect(await codeOf(react(bob(), '😀'))).toBe('OK')
})

test('an answer names a message of the same room, a mention somebody who is in it', async () => {
  const other = await service.group()
  const elsewhere = await service.say(people.alice, other.id, 'elsewhere')
  expect(await codeOf(say('x', { replyTo: elsewhere.id }))).toBe('VALIDATION_ERROR')
  expect(await codeOf(say('x', { mentions: [people.vera.id] }))).toBe('VALIDATION_ERROR')
  const first = await say('first')
  const reply = await say('second', { replyTo: first.id, mentions: [people.bob.id] })
  expect(reply).toMatchObject({ replyTo: { id: first.id, seq: first.seq }, mentions: [people.bob.id] })
})

test('a search finds what was said, Korean too, as it is written, in my rooms alone', async () => {
  const { id } = await service.group()
  const secret = await service.group([people.vera.id])
  const said = [
    await service.say(people.alice, id, '내일 회의는 오후 세 시에 시작합니다'),
    await service.say(people.alice, id, 'a discount of 100% and snake_case'),
    await service.say(people.alice, id, 'a discount of 100 and snakeXcase'),
  ]
  await service.say(people.alice, secret.id, '회의 비밀')
  const find = async (q: string, more = {}) =>
    (await bob()(messages.search, { query: { workspaceId: service.workspaceId, q, ...more } })).items.map((m) => m.id)
  expect(await find('회의')).toEqual([said[0]!.id])
  expect(await find('100%')).toEqual([said[1]!.id])
  expect(await find('SNAKE_CASE')).toEqual([said[1]!.id])
  expect(await find('discount')).toEqual([said[2]!.id, said[1]!.id])
  expect(await find('discount', { chatId: room.id })).toEqual([])
  await alice()(messages.remove, { params: { id: said[0]!.id } })
  expect(await find('회의')).toEqual([])
  expect(
    await codeOf(service.as(people.mallory)(messages.search, { query: { workspaceId: service.workspaceId, q: 'x' } })),
  ).toBe('NOT_FOUND')
})

test('saying something is as many statements in a large room as in a small one, and reading it one', async () => {
  const { id } = await service.group()
  const count = async (work: () => Promise<unknown>) => {
    service.statements.length = 0
    await work()
    return service.statements.length
  }
  const read = () => alice()(messages.list, { params: { id }, query: {} })
  await read()
  await service.say(people.alice, id, 'x')
  const before = [await count(() => service.say(people.alice, id, 'x')), await count(read)]
  for (let i = 0; i < 60; i++) await service.say(people.bob, id, `m${i}`)
  expect([await count(() => service.say(people.alice, id, 'x')), await count(read)]).toEqual(before)
  expect(before).toEqual([4, 1])
  expect(await count(() => alice()(rooms.read, { params: { id }, body: { seq: 5 } }))).toBe(1)
})
