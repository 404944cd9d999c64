import { live, messages, participants, rooms } from '@wealist/contract/chat'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import type { ChatSocket } from '@wealist/dev/testing/chat-socket'
import { asProcesses } from '@wealist/dev/testing/lambda-sockets'
import { level, logTo } from '@wealist/dev/testing/log'
import { newId } from '@wealist/kit/ids'
import { lambdaSocket } from '@wealist/kit/lambda-socket'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chat } from './service.ts'

let service: ChatService
let people: ChatService['people']

// The same protocol and the same expectations on `ws` and behind API Gateway; what differs there is said where it does.
describe.each(['node', 'lambda'] as const)('%s', (transport) => {
  const onNode = transport === 'node'
  beforeAll(async () => {
    service = await chatService({}, { transport })
    people = service.people
  }, 60_000)
  afterAll(() => service.stop())

  type Who = keyof ChatService['people']
  const open = (who: Who, path: string) => service.socket(people[who], path)
  const inRoom = async (who: Who, id: string, after?: number) => {
    const socket = await open(who, `/api/chats/ws/${id}`)
    socket.send('resume', after === undefined ? {} : { after })
    await socket.type('ready')
    return socket
  }
  const inAll = async (who: Who, ...ids: string[]) => {
    const socket = await open(who, `/api/chats/ws?workspaceId=${service.workspaceId}`)
    socket.send('resume', {})
    await socket.type('ready')
    if (ids.length > 0) socket.send('subscribe', { topics: ids.map((chatId) => ({ chatId })), n: 1 })
    for (const id of ids) await socket.next((f) => f.type === 'ready' && f.payload['chatId'] === id)
    return socket
  }

  test('what is said on a socket is stored, acknowledged to who said it and heard by everybody in the order of seq', async () => {
    const { id } = await service.group()
    const [alice, tablet, bob] = [await inRoom('alice', id), await inAll('alice', id), await inRoom('bob', id)]
    const ack = await alice.say('hello')
    const stored = (await service.as(people.bob)(messages.list, { params: { id }, query: {} })).items[0]!
    expect(ack.payload).toEqual({ chatId: id, clientId: stored.clientId, id: stored.id, seq: stored.seq })
    await tablet.say('안녕', { chatId: id })
    for (const socket of [alice, tablet, bob]) {
      await socket.next((f) => f.type === 'message' && f.payload['content'] === '안녕')
      const frames = socket.heard.filter((f) => f.type === 'message')
      expect(frames.map((f) => f.payload['content'])).toEqual(['hello', '안녕'])
      for (const frame of frames) expect(live.rooms.outgoing.safeParse(frame).success).toBe(true)
      expect(frames[0]!.payload).toEqual(stored)
    }
    expect(tablet.heard.find((f) => f.type === 'message')!.chatId).toBe(id)
    for (const socket of [alice, tablet, bob]) socket.close()
  })

  test('the same clientId five times at once, over two sockets and HTTP, is one message and five equal acks', async () => {
    const { id } = await service.group()
    const [first, second] = [await inRoom('alice', id), await inAll('alice', id)]
    const clientId = newId()
    const said = await Promise.all([
      first.say('once', { clientId }),
      first.say('once', { clientId }),
      second.say('once', { clientId, chatId: id }),
      second.say('once', { clientId, chatId: id }),
      service.say(people.alice, id, 'once', { clientId }),
    ])
    const acks = said.slice(0, 4).map((f) => (f as { payload: object }).payload)
    const { seq, id: messageId } = said[4] as { seq: number; id: string }
    for (const ack of acks) expect(ack).toEqual({ chatId: id, clientId, id: messageId, seq })
    expect(await service.rows('select from messages where client_id = $1', [clientId])).toHaveLength(1)
    first.close()
    second.close()
  })

  test('whoever is removed hears nothing more: one room’s socket ends with 4403, a socket of many loses that room alone', async () => {
    const { id } = await service.group()
    const other = await service.group()
    const [bob, phone] = [await inRoom('bob', id), await inAll('bob', id, other.id)]
    const since = Date.now()
    await service.as(people.alice)(participants.remove, { params: { id, userId: people.bob.id } })
    expect(await bob.closed()).toBe(4403)
    await phone.next((f) => f.type === 'removed' && f.payload['chatId'] === id)
    await phone.next((f) => f.type === 'room.removed' && f.payload['id'] === id)
    expect(Date.now() - since).toBeLessThan(1000)
    await service.say(people.alice, id, 'without bob')
    await service.say(people.alice, other.id, 'with bob')
    await phone.next((f) => f.type === 'message' && f.payload['content'] === 'with bob')
    const leaked = [...bob.heard, ...phone.heard].filter((f) => JSON.stringify(f).includes('without bob'))
    expect(leaked).toEqual([])
    expect((await phone.say('let me in', { chatId: id })).payload).toMatchObject({ code: 'NOT_FOUND' })
    phone.close()
  })

  // Where nothing runs between requests, an idle connection is found by the minute's schedule; nothing is said on it before.
  test.runIf(onNode)('who leaves the workspace is out of its sockets within a second', async () => {
    const guest = { id: newId(), name: 'Guest' }
    await service.setMember(guest.id, 'member')
    const { id } = await service.group([guest.id])
    const sockets = await Promise.all([
      service.socket(guest, `/api/chats/ws/${id}`),
      service.socket(guest, `/api/chats/ws?workspaceId=${service.workspaceId}`),
      service.socket(guest, `/api/chats/ws/presence?workspaceId=${service.workspaceId}`),
    ])
    for (const socket of sockets) {
      socket.send('resume', {})
      await socket.type('ready')
    }
    const since = Date.now()
    await service.setMember(guest.id, null)
    for (const socket of sockets) expect([4403, 4404]).toContain(await socket.closed())
    expect(Date.now() - since).toBeLessThan(1000)
  })

  test.skipIf(onNode)(
    'where no process stays, who has left the workspace is told to go instead of what is said next',
    async () => {
      const guest = { id: newId(), name: 'Guest' }
      await service.setMember(guest.id, 'member')
      const { id } = await service.group([guest.id])
      const socket = await service.socket(guest, `/api/chats/ws/${id}`)
      socket.send('resume', {})
      await socket.type('ready')
      await service.say(people.alice, id, 'for all')
      await socket.next((f) => f.payload['content'] === 'for all')
      await service.setMember(guest.id, null)
      await service.say(people.alice, id, 'for us')
      expect(await socket.closed()).toBe(4404)
      expect(JSON.stringify(socket.heard)).not.toContain('for us')
    },
  )

  test.skipIf(onNode || asProcesses)(
    'where no process stays and the word of a removal was lost, the minute ends the room on every socket, and no other',
    async () => {
      const [{ id }, other] = [await service.group(), await service.group()]
      const [bob, phone] = [await inRoom('bob', id), await inAll('bob', id, other.id)]
      const { host, pathname } = new URL(bob.raw.url)
      // The schedule's own function.
      const env = { ...service.environment, LOG_LEVEL: level, WEBSOCKET_API_URL: `http://${host}${pathname}` }
      const scheduled = lambdaSocket(chat, env, { logTo })
      await service.rows('delete from participants where room_id = $1 and user_id = $2', [id, people.bob.id])
      await scheduled({})
      expect(await bob.closed(20_000)).toBe(4404)
      await phone.next((f) => f.type === 'removed' && f.payload['chatId'] === id, 20_000)
      await service.say(people.alice, id, 'without bob')
      await service.say(people.alice, other.id, 'with bob')
      await phone.next((f) => f.payload['content'] === 'with bob', 20_000)
      expect(JSON.stringify([bob.heard, phone.heard])).not.toContain('without bob')
      phone.close()
    },
  )

  test('a stranger gets no socket of a room, of a workspace or of its presence', async () => {
    const { id } = await service.group()
    for (const who of ['vera', 'mallory'] as const) {
      const socket = await open(who, `/api/chats/ws/${id}`)
      socket.send('resume', {})
      expect(await socket.closed()).toBe(4404)
    }
    for (const path of ['ws', 'ws/presence']) {
      const socket = await open('mallory', `/api/chats/${path}?workspaceId=${service.workspaceId}`)
      socket.send('resume', {})
      expect(await socket.closed()).toBe(4404)
    }
    const vera = await inAll('vera')
    vera.send('subscribe', { topics: [{ chatId: id }], n: 1 })
    await vera.next((f) => f.type === 'removed' && f.payload['chatId'] === id)
    expect((await vera.say('x', { chatId: id })).payload).toMatchObject({ code: 'NOT_FOUND' })
    vera.send('typing', { chatId: id })
    vera.send('read', { chatId: id, seq: 5 })
    await expect.poll(() => vera.heard.filter((f) => f.type === 'error').length).toBe(3)
    vera.close()
  })

  test('a message that is refused as a frame says which one it is, and what is wrong with it', async () => {
    const { id } = await service.group()
    const alice = await inAll('alice', id)
    const clientId = newId()
    alice.send('message', { chatId: id, clientId, content: 'x'.repeat(8001), messageType: 'text' })
    const { payload } = await alice.type('error')
    expect(payload).toMatchObject({ code: 'VALIDATION_ERROR', clientId, chatId: id })
    expect(payload['message']).toContain('content: ')
    alice.close()
  })

  test('typing and read marks pass to those who are there, and are nobody’s history', async () => {
    const { id } = await service.group()
    const { seq } = await service.say(people.alice, id, 'x')
    const [alice, bob] = [await inRoom('alice', id), await inRoom('bob', id)]
    bob.send('typing')
    bob.send('read', { seq })
    expect((await alice.type('typing')).payload).toEqual({ chatId: id, userId: people.bob.id, name: 'Bob' })
    expect((await alice.type('read')).payload).toEqual({ chatId: id, userId: people.bob.id, seq })
    expect((await service.as(people.bob)(rooms.get, { params: { id } })).readSeq).toBe(seq)
    const late = await inRoom('alice', id, 0)
    expect(late.heard.some((f) => f.type === 'typing' || f.type === 'read')).toBe(false)
    // Once: not over the bus and from this process both.
    expect(alice.heard.filter((f) => f.type === 'typing' || f.type === 'read')).toHaveLength(2)
    for (const socket of [alice, bob, late]) socket.close()
  })

  test('a client that comes back has what it missed, once and in order', async () => {
    const { id } = await service.group()
    const bob = await inRoom('bob', id)
    const first = await service.say(people.alice, id, 'm0')
    await bob.next((f) => f.type === 'message')
    bob.close()
    for (let i = 1; i < 30; i++) await service.say(people.alice, id, `m${i}`)
    const back = await inRoom('bob', id, first.seq)
    const seqs = back.heard.filter((f) => f.type === 'message').map((f) => f.seq)
    expect(seqs).toEqual(Array.from({ length: 29 }, (_, i) => first.seq + 1 + i))
    back.close()
  })

  test.each<[string, (socket: ChatSocket) => void, number | 'error']>([
    ['a frame of 1 MB', (s) => s.raw.send('x'.repeat(1024 * 1024)), 1009],
    ['binary', (s) => s.raw.send(new Uint8Array(10)), onNode ? 4400 : 1003],
    ['what is no JSON', (s) => s.raw.send('{"type":'), 'error'],
    ['an unknown type', (s) => s.send('explode', {}), 'error'],
    ['a message without a clientId', (s) => s.send('message', { content: 'x' }), 'error'],
    [
      'a message of 8,001 characters',
      (s) => s.send('message', { clientId: newId(), content: 'x'.repeat(8001) }),
      'error',
    ],
    // On Lambda each is a function of its own, which here is one process: fewer, still three times too many.
    ['a flood of frames', (s) => Array.from({ length: onNode ? 1000 : 300 }, () => s.send('ping', {})), 4429],
  ])('%s is answered clearly, and the process goes on', async (_, hostile, expected) => {
    const { id } = await service.group()
    const socket = await inRoom('alice', id)
    hostile(socket)
    if (expected === 'error') {
      expect((await socket.type('error')).payload).toMatchObject({ code: 'VALIDATION_ERROR' })
      expect((await socket.say('still here')).type).toBe('ack')
      socket.close()
    } else expect(await socket.closed(15_000)).toBe(expected)
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200)
  })

  test('who is online is known to the workspace: several devices, away and back, and when they were last there', async () => {
    const watch = await open('bob', `/api/chats/ws/presence?workspaceId=${service.workspaceId}`)
    watch.send('resume', {})
    await watch.type('ready')
    const said = (state: string) =>
      watch.next(
        (f) =>
          f.type === 'presence' &&
          (f.payload['people'] as { userId: string; state: string }[]).some(
            (p) => p.userId === people.vera.id && p.state === state,
          ),
        8000,
      )
    const [phone, laptop] = [await inAll('vera'), await inAll('vera')]
    await said('online')
    phone.send('stand', { state: 'away' })
    laptop.send('stand', { state: 'away' })
    await said('away')
    phone.close()
    laptop.close()
    await said('offline')
    const { items } = await service.as(people.alice)(live.present, {
      query: { workspaceId: service.workspaceId, userIds: `${people.vera.id},${people.alice.id}` as never },
    })
    expect(items.find((p) => p.userId === people.bob.id)).toMatchObject({ state: 'online' })
    const vera = items.find((p) => p.userId === people.vera.id)!
    expect(vera.state).toBe('offline')
    expect(Date.now() - Date.parse(vera.lastSeen!)).toBeLessThan(10_000)
    watch.close()
  })
})
