import { participants, rooms } from '@wealist/contract/chat'
import { notifications } from '@wealist/contract/noti'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { type NotiService, notiService } from '@wealist/dev/testing/noti-service'
import { newId } from '@wealist/kit/ids'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { topicOf } from './access.ts'

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

const { alice, bob, vera } = {
  alice: () => service.people.alice,
  bob: () => service.people.bob,
  vera: () => service.people.vera,
}
const heardBy = async (person: { id: string }, chatId: string) =>
  (await noti.as(person)(notifications.list, { query: {} })).items
    .filter((n) => (n.data as { chatId?: string }).chatId === chatId)
    .map((n) => ({ type: n.type, excerpt: (n.data as { excerpt: string }).excerpt, actor: n.actorId }))
/** Everything that was said has been told. */
const told = async (id: string) =>
  await expect
    .poll(
      () =>
        service.rows(
          `select from rooms r where id = $1 and told_seq >= (select max(seq) from messages where room_id = r.id)`,
          [id],
        ),
      { timeout: 15_000, interval: 50 },
    )
    .toHaveLength(1)

test('who is away hears of a room once, of the last that was said; who has it open, has read it or said it does not', async () => {
  const { id } = await service.group([bob().id, vera().id])
  const here = service.running.base.live.presence.enter(topicOf(id), vera().id)
  await expect.poll(async () => (await service.running.base.live.presence.people(topicOf(id))).size).toBe(1)
  await service.say(alice(), id, 'one')
  await service.say(alice(), id, 'two')
  const last = await service.say(alice(), id, '셋')
  await told(id)
  expect(await heardBy(bob(), id)).toEqual([{ type: 'chat_message', excerpt: '셋', actor: alice().id }])
  expect(await heardBy(vera(), id)).toEqual([])
  expect(await heardBy(alice(), id)).toEqual([])
  // While it is unread, more of the room is folded into it.
  await service.say(alice(), id, 'four')
  await told(id)
  expect(await heardBy(bob(), id)).toEqual([{ type: 'chat_message', excerpt: 'four', actor: alice().id }])
  here.leave()
  expect(last.seq).toBeGreaterThan(0)
})

test('who reads at once is not told, who is mentioned is told of that message, and who was removed of nothing', async () => {
  const { id } = await service.group([bob().id, vera().id])
  const said = await service.say(alice(), id, 'come here', { mentions: [bob().id] })
  await service.say(vera(), id, 'never mind')
  await service.as(service.people.alice)(participants.remove, { params: { id, userId: vera().id } })
  await service.as(alice())(rooms.read, { params: { id }, body: { seq: said.seq + 1 } })
  await told(id)
  expect(await heardBy(bob(), id)).toEqual([{ type: 'mention', excerpt: 'come here', actor: alice().id }])
  expect(await heardBy(vera(), id)).toEqual([])
  expect(await heardBy(alice(), id)).toEqual([])
})

test.each([400, 6000])(
  'whoever is mentioned before %i messages of which nobody could be told yet is told of that mention',
  async (many) => {
    const { id } = await service.group([bob().id, vera().id])
    const { seq } = await service.say(alice(), id, 'come here', { mentions: [bob().id] })
    await service.rows(
      `insert into messages (id, room_id, seq, client_id, sender_id, sender_name, type, content, mentions)
       select gen_random_uuid(), $1, $2::int + n, gen_random_uuid(), $3, 'Alice', 'text', 'no. ' || n,
         case when n <= 250 then array[$4::uuid] else '{}' end from generate_series(1, $5::int) n`,
      [id, seq, alice().id, vera().id, many],
    )
    await service.rows('update kit.heads set head = head + $2 where topic = $1', [topicOf(id), many])
    await told(id)
    const mention = (excerpt: string) => [{ type: 'mention', excerpt, actor: alice().id }]
    expect((await heardBy(bob(), id)).filter((n) => n.type === 'mention')).toEqual(mention('come here'))
    expect((await heardBy(vera(), id)).filter((n) => n.type === 'mention')).toEqual(mention('no. 250'))
  },
)

test('of a message in emoji as much is told as noti takes', async () => {
  const { id } = await service.group()
  await service.say(alice(), id, `.${'🍵'.repeat(400)}`)
  await told(id)
  expect(await heardBy(bob(), id)).toEqual([
    { type: 'chat_message', excerpt: `.${'🍵'.repeat(149)}`, actor: alice().id },
  ])
})

test('who left the workspace while they were added to a room is told nothing of it, and is out of all its rooms', async () => {
  const guest = { id: newId(), name: 'Guest' }
  await service.setMember(guest.id, 'member')
  const [{ id }, quiet] = [await service.group(), await service.group()]
  await addedTooLate([id, quiet.id], guest.id)
  const inRooms = () => service.rows('select from participants where user_id = $1', [guest.id])
  expect(await inRooms()).toHaveLength(2)
  await service.say(alice(), id, 'for those of us who are here', { mentions: [guest.id] })
  await told(id)
  expect(await heardBy(guest, id)).toEqual([])
  expect((await heardBy(bob(), id)).map((n) => n.excerpt)).toEqual(['for those of us who are here'])
  expect(await inRooms()).toEqual([])
  const left = await service.as(alice())(participants.list, { params: { id }, query: {} })
  expect(left.items.map((p) => p.userId).toSorted()).toEqual([alice().id, bob().id].toSorted())
})

/** Whoever adds them has asked for the membership and waits for a row when it ends, and all that follows from that is done. */
const addedTooLate = async (ids: readonly string[], userId: string) => {
  const holder = new pg.Client({ connectionString: service.running.base.config.DATABASE_URL! })
  await holder.connect()
  await holder.query('begin')
  await holder.query('select from participants where user_id = $1 and room_id = any($2) for update', [alice().id, ids])
  const added = ids.map((id) => service.as(alice())(participants.add, { params: { id }, body: { userId } }))
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%participants%'`
  await expect.poll(() => service.rows(waiting)).toHaveLength(ids.length)
  await service.setMember(userId, null)
  await service.followDirectory()
  await holder.query('commit')
  await holder.end()
  await Promise.all(added)
}
