import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { unavailable } from '@wealist/kit/errors'
import { newId } from '@wealist/kit/ids'
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

let service: ChatService
let people: ChatService['people']

beforeAll(async () => {
  service = await chatService()
  people = service.people
}, 60_000)
afterAll(() => service.stop())

const socketOf = async (who: keyof ChatService['people']) => {
  const socket = await service.socket(people[who], `/api/chats/ws?workspaceId=${service.workspaceId}`)
  socket.send('resume', {})
  await socket.type('ready')
  return socket
}
/** How many transactions made these rooms' messages. */
const transactionsOf = async (rooms: readonly string[]) =>
  (await service.rows('select distinct xmin::text from messages where room_id = any($1)', [rooms])).length
const logOf = (room: string) =>
  service.rows<{ seq: string; id: string }>(
    `select seq, payload::json ->> 'id' as id from kit.events where topic = $1 and type = 'message' order by seq`,
    [`room:${room}`],
  )

test('what 40 say in three rooms at once is stored in a few transactions, acknowledged with its place, and told to who is away', async () => {
  const rooms = (await Promise.all([1, 2, 3].map(() => service.group()))).map(({ id }) => id)
  const sockets = await Promise.all(Array.from({ length: 40 }, (_, i) => socketOf(i % 2 ? 'alice' : 'bob')))
  const before = await Promise.all(rooms.map(logOf))
  const warned = vi.spyOn(service.running.base.log, 'warn')
  const acks = await Promise.all(sockets.map((socket, i) => socket.say(`${i}`, { chatId: rooms[i % 3]! })))
  for (const [i, room] of rooms.entries()) {
    const mine = acks.filter(({ payload }) => payload['chatId'] === room).map(({ payload }) => payload)
    const log = (await logOf(room)).slice(before[i]!.length)
    expect(mine.map(({ seq, id }) => ({ seq: String(seq), id })).toSorted(bySeq)).toEqual(log)
    const told = await service.rows(
      `select from kit.outbox where job_key = $1 union all select from graphile_worker._private_jobs where key = 'noti.room:' || $1`,
      [`room:${room}`],
    )
    expect(told.length).toBeGreaterThan(0)
  }
  expect(await transactionsOf(rooms)).toBeLessThan(20)
  expect(warned.mock.calls).toEqual([])
  for (const socket of sockets) socket.close()
})
const bySeq = (a: { seq: string }, b: { seq: string }) => Number(a.seq) - Number(b.seq)

test('whoever is not in a room is refused, and what others say in the same moment is stored', async () => {
  const { id: room } = await service.group([])
  const { id: other } = await service.group()
  const sockets = await Promise.all((['alice', 'bob', 'alice', 'bob'] as const).map(socketOf))
  const rooms = [room, room, other, other]
  const said = await Promise.all(sockets.map((socket, i) => socket.say('hello', { chatId: rooms[i]! })))
  expect(said.map(({ type, payload }) => payload['code'] ?? type)).toEqual(['ack', 'NOT_FOUND', 'ack', 'ack'])
  expect(await service.rows(`select from messages where room_id = $1 and type = 'text'`, [room])).toHaveLength(1)
  for (const socket of sockets) socket.close()
})

test('a room in which somebody holds the place keeps those who speak in others waiting for a moment only', async () => {
  const [held, free] = [(await service.group()).id, (await service.group()).id]
  const holder = new pg.Client({ connectionString: service.running.base.config.DATABASE_URL! })
  await holder.connect()
  await holder.query('begin')
  await holder.query('select from kit.heads where topic = $1 for update', [`room:${held}`])
  const [alice, bob] = [await socketOf('alice'), await socketOf('bob')]
  const waits = alice.say('waits', { chatId: held })
  for (let i = 0; i < 3; i++) {
    const begun = performance.now()
    expect((await bob.say(`goes on ${i}`, { chatId: free })).type).toBe('ack')
    expect(performance.now() - begun).toBeLessThan(1000)
  }
  expect(alice.heard.some(({ type }) => type === 'ack')).toBe(false)
  await holder.query('commit')
  expect((await waits).type).toBe('ack')
  await holder.end()
  alice.close()
  bob.close()
})

test('whoever is being taken out of a room as they speak is refused once they are: nothing of theirs comes after it', async () => {
  const { id: room } = await service.group()
  const bob = await socketOf('bob')
  const remover = new pg.Client({ connectionString: service.running.base.config.DATABASE_URL! })
  await remover.connect()
  for (const holds of [50, 300]) {
    await remover.query('begin')
    await remover.query('delete from participants where room_id = $1 and user_id = $2', [room, people.bob.id])
    const said = bob.say('too late', { chatId: room })
    await new Promise((resolve) => setTimeout(resolve, holds))
    await remover.query('commit')
    expect((await said).payload['code']).toBe('NOT_FOUND')
    await remover.query(
      `insert into participants (room_id, user_id, workspace_id, role, read_seq) values ($1, $2, $3, 'member', 0)`,
      [room, people.bob.id, service.workspaceId],
    )
  }
  expect(await service.rows(`select from messages where room_id = $1 and type = 'text'`, [room])).toEqual([])
  await remover.end()
  bob.close()
})

test('one clientId said often in the same moment is one message, and what others say with it is stored together', async () => {
  const { id: room } = await service.group()
  const { id: other } = await service.group()
  const sockets = await Promise.all((['bob', 'alice', 'alice', 'alice', 'bob', 'bob'] as const).map(socketOf))
  const clientId = newId()
  const warned = vi.spyOn(service.running.base.log, 'warn')
  // The first goes at once; those after it wait for it, and go together.
  const said = await Promise.all(
    sockets.map((socket, i) => socket.say(`${i}`, i === 0 || i === 5 ? { chatId: other } : { chatId: room, clientId })),
  )
  expect(said.map(({ type }) => type)).toEqual(Array.from({ length: 6 }, () => 'ack'))
  for (const { payload } of said.slice(2, 4)) expect(payload).toEqual(said[1]!.payload)
  // Another person's is another message, whatever its sender calls it.
  expect(said[4]!.payload['id']).not.toBe(said[1]!.payload['id'])
  expect(await service.rows('select from messages where client_id = $1', [clientId])).toHaveLength(2)
  expect(warned.mock.calls).toEqual([])
  for (const socket of sockets) socket.close()
})

test('what says nothing is refused on a socket, too', async () => {
  const { id: room } = await service.group()
  const alice = await socketOf('alice')
  alice.send('message', { clientId: newId(), content: ' ', messageType: 'text', chatId: room })
  expect((await alice.type('error')).payload['code']).toBe('VALIDATION_ERROR')
  alice.close()
})

test('while the database is away a message is an error that says so, once, and is stored when it is sent again', async () => {
  const { id: room } = await service.group()
  const alice = await socketOf('alice')
  const clientId = newId()
  const tx = vi.spyOn(service.running.base.db, 'tx').mockRejectedValueOnce(unavailable('The database is away.'))
  const said = await alice.say('hello', { chatId: room, clientId })
  expect([said.type, said.payload['code'], tx.mock.calls.length]).toEqual(['error', 'UNAVAILABLE', 1])
  tx.mockRestore()
  alice.send('message', { clientId, content: 'hello', messageType: 'text', chatId: room })
  expect((await alice.type('ack')).payload['clientId']).toBe(clientId)
  alice.close()
})
