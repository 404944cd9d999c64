import { once } from 'node:events'
import { request } from 'node:http'
import { type AddressInfo, connect as dial, createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { oneService, type OneService } from '@wealist/dev/testing/one-service'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { newId } from '../ids.ts'
import { change, remove, rooms, stream } from './live.fixture.ts'

let service: OneService<object>
beforeAll(async () => {
  service = await oneService(rooms, { CORS_ORIGINS: 'https://app.example' })
})
afterAll(() => service.stop())

const sockets: WebSocket[] = []
afterEach(async () => {
  for (const ws of sockets.splice(0)) ws.terminate()
  await vi.waitUntil(() => service.running.live.hub.size === 0, patience)
})

const patience = { timeout: 10_000, interval: 10 }
interface Got {
  type: string
  seq?: number
  payload: Record<string, unknown>
}
const person = () => ({ id: newId() })
const open = (
  room: string,
  {
    who = person(),
    headers = {},
    path = `/ws/rooms/${room}`,
    port = service.running.port,
  }: { who?: { id: string }; headers?: object; path?: string; port?: number } = {},
) => {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
    headers: { ...service.headersOf(who), ...headers },
  })
  sockets.push(ws)
  const client = {
    ws,
    who,
    got: [] as Got[],
    code: undefined as number | undefined,
    failed: undefined as string | undefined,
    say: (type: string, payload: object = {}) => ws.send(JSON.stringify({ type, payload })),
    seqs: () => client.got.flatMap(({ seq }) => seq ?? []),
  }
  ws.on('message', (data) => void client.got.push(JSON.parse(String(data)) as Got))
  ws.on('close', (code) => void (client.code = code))
  ws.on('error', (error) => void (client.failed = error.message))
  return client
}
const live = async (room: string, from: object = {}, options: Parameters<typeof open>[1] = {}) => {
  const client = open(room, options)
  client.ws.on('open', () => client.say('resume', from))
  await vi.waitFor(() => expect(client.got.some(({ type }) => type === 'ready')).toBe(true), patience)
  return client
}
const put = (room: string, key = 'a', value = '1') =>
  service.as(person())(change, { params: { id: room }, body: { key, value } })

test('a socket sees what was committed after it resumed, in order, and after a break what it missed', async () => {
  const room = newId()
  await put(room)
  const client = await live(room)
  expect(client.got).toMatchObject([{ type: 'ready', payload: { seq: 1, epoch: expect.any(String) } }])
  await Promise.all(Array.from({ length: 30 }, (_, i) => put(room, `k${i % 3}`)))
  await vi.waitFor(() => expect(client.seqs()).toHaveLength(30), patience)
  expect(client.seqs()).toEqual(Array.from({ length: 30 }, (_, i) => i + 2))
  expect(client.got[1]).toMatchObject({ type: 'thing.changed', payload: { version: 1 }, actorId: expect.any(String) })
  client.ws.terminate()
  await put(room)
  const back = await live(room, { after: 31 })
  expect(back.seqs()).toEqual([32])
})

test('the bus and the log make the same frame of an event', async () => {
  const room = newId()
  const first = await live(room)
  await put(room, 'a', 'é "quoted" \u2028')
  await vi.waitFor(() => expect(first.seqs()).toEqual([1]), patience)
  first.ws.terminate()
  await vi.waitFor(() => expect(service.running.live.hub.size).toBe(0), patience)
  const second = await live(room, { after: 0 })
  expect(second.got[0]).toEqual(first.got[1])
})

test('many rooms on one socket: each in order from where its client is, and who is removed from one keeps the others', async () => {
  const [first, second, third, workspaceId] = [newId(), newId(), newId(), newId()]
  for (const room of [first, first, second]) await put(room)
  const client = open('', { path: `/ws/rooms/many?workspaceId=${workspaceId}` })
  await once(client.ws, 'open')
  client.say('subscribe', {
    n: 1,
    topics: [{ roomId: first, after: 1 }, { roomId: second, after: 0 }, { roomId: third }],
  })
  const of = (room: string) =>
    (client.got as (Got & { roomId?: string })[]).flatMap(({ type, roomId, seq, payload }) =>
      (roomId ?? payload['roomId']) === room ? [`${type} ${seq ?? payload['seq'] ?? ''}`.trim()] : [],
    )
  await vi.waitFor(() => expect(of(third)).toEqual(['ready 0']), patience)
  await Promise.all([put(first), put(second), put(third)])
  await vi.waitFor(() => expect(of(third)).toEqual(['ready 0', 'thing.changed 1']), patience)
  await service.as(person())(remove, { params: { id: first, userId: client.who.id } })
  await vi.waitFor(() => expect(of(first)).toContain('removed'), patience)
  await Promise.all([put(first), put(second)])
  client.say('where', { roomId: first })
  client.say('where', { roomId: second })
  await vi.waitFor(() => expect(of(second)).toContain('where'), patience)
  expect(of(first)).toEqual(['thing.changed 2', 'ready 2', 'thing.changed 3', 'member.removed 4', 'removed', 'where'])
  await vi.waitFor(() => expect(of(second).filter((s) => s.startsWith('thing'))).toHaveLength(3), patience)
  expect(client.got.filter(({ type }) => type === 'where').map(({ payload }) => payload)).toEqual([
    { roomId: first, workspaceId, mine: false },
    { roomId: second, workspaceId, mine: true },
  ])
  const present = async () => [...(await service.running.live.presence.people(`presence:${workspaceId}`)).keys()]
  await vi.waitFor(async () => expect(await present()).toEqual([client.who.id]), patience)
  expect(client.code).toBeUndefined()
})

test('a query that does not fit its socket ends it with 4400', async () => {
  const wrong = ['', '?workspaceId=x', `?workspaceId=${newId()}&more=1`].map((query) =>
    open('', { path: `/ws/rooms/many${query}` }),
  )
  await vi.waitFor(() => expect(wrong.map(({ code }) => code)).toEqual([4400, 4400, 4400]), patience)
})

test('one address that opens socket after socket is told 4429 and when to come back, before its ticket is spent', async () => {
  const limited = await oneService(rooms, { RATE_LIMIT: '5', TRUSTED_HOPS: '0' })
  const asked = vi.spyOn(limited.running.auth, 'ticket')
  const clients = Array.from({ length: 8 }, () =>
    open('', { path: `/ws/rooms/${newId()}?ticket=none`, port: limited.running.port }),
  )
  await vi.waitFor(
    () => expect(clients.map(({ code }) => code).toSorted()).toEqual([...Array(5).fill(4401), 4429, 4429, 4429]),
    patience,
  )
  expect(asked).toHaveBeenCalledTimes(5)
  const { payload } = clients.find(({ code }) => code === 4429)!.got[0]!
  expect(payload).toEqual({ code: 4429, retryAfter: expect.any(Number) })
  expect(payload['retryAfter']).toBeGreaterThan(1000)
  await limited.stop()
})

test('of sockets that come at once eight are decided at a time, who left meanwhile is not asked for, and all others come in', async () => {
  const { auth } = service.running
  const decide = auth.actor.bind(auth)
  let under = 0
  let most = 0
  let letGo = () => undefined as void
  const held = new Promise<void>((resolve) => (letGo = () => resolve()))
  const asked = vi.spyOn(auth, 'actor').mockImplementation(async (header) => {
    most = Math.max(most, ++under)
    await held
    under--
    return decide(header)
  })
  const room = newId()
  const clients = Array.from({ length: 40 }, () => {
    const client = open(room)
    client.ws.on('open', () => client.say('resume'))
    return client
  })
  await vi.waitFor(() => expect(under).toBe(8), patience)
  // Also the clients know which of them are let in.
  const isIn = ({ ws }: (typeof clients)[number]) => ws.readyState === WebSocket.OPEN
  await vi.waitFor(() => expect(clients.filter(isIn)).toHaveLength(8), patience)
  const leaving = clients.filter(({ ws }) => ws.readyState === WebSocket.CONNECTING).slice(0, 10)
  expect(leaving).toHaveLength(10)
  for (const { ws } of leaving) ws.terminate()
  for (let turn = 0; turn < 20; turn++) await setTimeout(20)
  letGo()
  const others = clients.filter((client) => !leaving.includes(client))
  await vi.waitFor(
    () => expect(others.every(({ got }) => got.some(({ type }) => type === 'ready'))).toBe(true),
    patience,
  )
  expect({ most, asked: asked.mock.calls.length }).toEqual({ most: 8, asked: 30 })
  asked.mockRestore()
})

test('sockets and requests of one IPv6 network share their limits, and another network has its own', async () => {
  const limited = await oneService(rooms, { RATE_LIMIT: '5', TRUSTED_HOPS: '1' })
  const { port } = limited.running
  const from = (network: number, i: number) => ({ 'x-forwarded-for': `2001:db8:0:${network}::${i}` })
  const eight = Array.from({ length: 8 }, (_, i) => i)
  for (const network of [1, 2]) {
    const clients = eight.map((i) =>
      open('', { path: `/ws/rooms/${newId()}?ticket=none`, port, headers: from(network, i) }),
    )
    await vi.waitFor(
      () =>
        expect(
          clients
            .filter(({ code }) => code === 4401 || code === 4429)
            .map(({ code }) => code)
            .toSorted(),
        ).toEqual([...Array(5).fill(4401), 4429, 4429, 4429]),
      patience,
    )
    const asked = eight.map((i) =>
      fetch(`http://127.0.0.1:${port}/api/rooms/${newId()}`, { headers: from(network, i) }),
    )
    expect(
      (await Promise.all(asked))
        .map(({ status }) => status)
        .toSorted()
        .slice(-3),
    ).toEqual([429, 429, 429])
  }
  await limited.stop()
})

test('a removed member is closed with 4403 in the place of the next event, and may not come back', async () => {
  const room = newId()
  const [ann, bob] = [await live(room), await live(room)]
  await service.as(bob.who)(remove, { params: { id: room, userId: ann.who.id } })
  await put(room)
  await vi.waitFor(() => expect(bob.seqs()).toEqual([1, 2]), patience)
  await vi.waitFor(() => expect(ann.code).toBe(4403), patience)
  expect(ann.seqs()).toEqual([1])
  expect(ann.got.at(-1)).toMatchObject({ type: 'bye', payload: { code: 4403 } })
  const again = open(room, { who: ann.who })
  await vi.waitFor(() => expect(again.code).toBe(4403), patience)
})

test('a revoked person is closed with 4401 within a second', async () => {
  const client = await live(newId())
  await service.running.revocations.revoke({ sub: client.who.id })
  await vi.waitFor(() => expect(client.code).toBe(4401), { ...patience, timeout: 3000 })
})

test('who is not signed in hears why on the open socket', async () => {
  const client = open(newId(), { headers: { 'x-jwt-payload': 'nothing' } })
  await vi.waitFor(() => expect(client.code).toBe(4401), patience)
  expect(client.got).toMatchObject([{ type: 'bye', payload: { code: 4401 } }])
  const unknown = open('', { path: '/ws/rooms/not-an-id' })
  await vi.waitFor(() => expect(unknown.code).toBe(4404), patience)
})

test('a wrong Origin and an unknown path are refused by HTTP; the right Origin and none are not', async () => {
  const room = newId()
  const wrong = open(room, { headers: { origin: 'https://evil.example' } })
  await vi.waitFor(() => expect(wrong.failed).toContain('403'), patience)
  const nowhere = open(room, { path: '/ws/nowhere' })
  await vi.waitFor(() => expect(nowhere.failed).toContain('404'), patience)
  await live(room, {}, { headers: { origin: 'https://app.example' } })
})

test.each(['//', '/ws/rooms/%', '/ws/rooms/%ff', 'http://[', '*', '/%00'])(
  'an upgrade of %s ends nothing but itself',
  async (path) => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = dial(service.running.port, '127.0.0.1', () =>
        socket.write(
          `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
        ),
      )
      socket.on('data', (data) => resolve(String(data)))
      socket.on('close', () => resolve(''))
      socket.on('error', reject)
    })
    expect(answer).toMatch(/^(HTTP\/1.1 (400|404|101)|$)/)
    await put(newId())
  },
)

test('binary frames end it with 4400, frames above 32 KB with 1009, a flood with 4429', async () => {
  const room = newId()
  const [binary, large, huge, flood] = await Promise.all([live(room), live(room), live(room), live(room)])
  binary.ws.send(Buffer.from('{"type":"ping"}'))
  large.say('typing', { text: 'x'.repeat(33_000) })
  huge.say('typing', { text: 'x'.repeat(300_000) })
  for (let i = 0; i < 120; i++) flood.say('ping')
  await vi.waitFor(
    () => expect([binary.code, large.code, huge.code, flood.code]).toEqual([4400, 1009, 1009, 4429]),
    patience,
  )
})

test('one that does not read is closed; the others get everything meanwhile, and it gets the rest when it is back', async () => {
  const room = newId()
  const [stuck, good] = [await live(room), await live(room)]
  stuck.ws.pause()
  const value = 'x'.repeat(100_000)
  for (let i = 0; i < 60; i++) await put(room, 'a', value)
  await vi.waitFor(() => expect(good.seqs()).toHaveLength(60), patience)
  await vi.waitFor(
    async () =>
      expect(await service.running.base.metrics.getSingleMetricAsString('live_slow_closed_total')).toMatch(/ 1$/m),
    patience,
  )
  stuck.ws.resume()
  await vi.waitFor(() => expect(stuck.code).toBeDefined(), patience)
  const last = stuck.seqs().at(-1) ?? 0
  expect(last).toBeLessThan(60)
  const back = await live(room, { after: last }, { who: stuck.who })
  expect([...stuck.seqs(), ...back.seqs()]).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
}, 30_000)

// A line that carries 64 KB at most each 50 ms.
const slowLine = async () => {
  const server = createServer((near) => {
    const far = dial(service.running.port, '127.0.0.1')
    near.pipe(far)
    far.on('data', (data) => {
      near.write(data)
      far.pause()
      void setTimeout(50).then(() => far.resume())
    })
    near.on('error', () => far.destroy())
    far.on('error', () => near.destroy())
    far.on('close', () => near.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

test('one that reads slowly but reads is left alone, for longer than 5 s', async () => {
  const room = newId()
  const value = 'x'.repeat(200_000)
  for (let i = 0; i < 50; i++) await put(room, 'a', value)
  const line = await slowLine()
  const begun = Date.now()
  const slow = open(room, { port: line.port })
  await once(slow.ws, 'open')
  slow.say('resume', { after: 0 })
  await vi.waitFor(() => expect(slow.seqs()).toHaveLength(50), { ...patience, timeout: 25_000 })
  expect(Date.now() - begun).toBeGreaterThan(5500)
  expect(slow.code).toBeUndefined()
  line.server.close()
}, 60_000)

test('the same as a stream: ids, events, and an end that says why', async () => {
  const room = newId()
  await put(room)
  await put(room)
  const who = person()
  const text: string[] = []
  const asked = request(
    `${service.url}${stream.path.replace('{id}', room)}?after=1`,
    { headers: service.headersOf(who) },
    (answer) => {
      expect(answer.headers['content-type']).toContain('text/event-stream')
      answer.on('data', (chunk) => text.push(String(chunk)))
    },
  )
  asked.end()
  const all = () => text.join('')
  await vi.waitFor(
    () => expect(all()).toMatch(/retry: \d+\n\nid: 2\nevent: thing.changed\ndata: \{.*\}\n\nid: 2\nevent: ready\n/),
    patience,
  )
  await put(room)
  await vi.waitFor(() => expect(all()).toContain('id: 3\nevent: thing.changed\n'), patience)
  await service.running.revocations.revoke({ sub: who.id })
  await vi.waitFor(
    () => expect(all()).toContain('event: close\ndata: {"type":"bye","payload":{"code":4401}}'),
    patience,
  )
})

test('on shutdown sockets are told 1012 and when to come back', async () => {
  const leaving = await oneService(rooms, { DRAIN_SECONDS: '1' })
  const before = service
  service = leaving
  const clients = await Promise.all(Array.from({ length: 10 }, () => live(newId())))
  service = before
  const begun = Date.now()
  await leaving.stop()
  await vi.waitFor(() => expect(clients.map((c) => c.code)).toEqual(Array(10).fill(1012)), patience)
  expect(clients.every((c) => c.got.at(-1)?.payload['retryAfter'] !== undefined)).toBe(true)
  expect(Date.now() - begun).toBeGreaterThan(500)
})
