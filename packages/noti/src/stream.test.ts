import { connect } from 'node:net'
import { notifications } from '@wealist/contract/noti'
import type { Notification } from '@wealist/contract/noti/notifications'
import { StreamEvent } from '@wealist/contract/noti/stream'
import type { EventStream, ServerEvent } from '@wealist/dev/testing/event-stream'
import { actor, assigned, type NotiService, notiService, workspaceId } from '@wealist/dev/testing/noti-service'
import { newId } from '@wealist/kit/ids'
import { sessionKey } from '@wealist/kit/revocations.redis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'

let service: NotiService
let alice: { id: string }
const open: EventStream[] = []
const statements: string[] = []
beforeAll(async () => void (service = await notiService({}, { observe: ({ text }) => void statements.push(text) })))
afterAll(() => service.stop())
beforeEach(() => void (alice = { id: newId() }))
afterEach(() => Promise.all(open.splice(0).map((stream) => stream.close())))

const listen = async (...[options]: [Parameters<NotiService['listen']>[1]?]) => {
  const stream = await service.listen(alice, options)
  open.push(stream)
  return stream
}
const ready = (stream: EventStream) => stream.find((e) => e.event === 'ready')
const seqs = (stream: EventStream) => stream.events.filter((e) => e.data.seq !== undefined).map((e) => e.id)
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i)
const tell = async (times: number, more = {}) => {
  for (let i = 0; i < times; i++) await service.tell(assigned([alice.id], more))
}
const settled = (check: () => void | Promise<void>, timeout = 10_000) => vi.waitFor(check, { timeout, interval: 20 })

const ticketFor = async ({ id }: { id: string }) => {
  const { redis, auth } = service.running.base
  const sid = newId()
  const iat = Math.floor(Date.now() / 1000)
  await redis.hset(sessionKey(id, sid), 'current', 'x')
  return auth.issueTicket({
    kind: 'person',
    id,
    email: 'alice@example.com',
    name: 'Alice',
    role: 'user',
    sid,
    jti: newId(),
    iat,
    exp: iat + 900,
  })
}
const withTicket = async (query: string, headers = {}) => {
  const { openEvents } = await import('@wealist/dev/testing/event-stream')
  const stream = await openEvents(`${service.url}/api/notifications/stream?${query}`, headers)
  open.push(stream)
  return stream
}

test('a stream begins with when to come back, where it stands and how much is unread, and nothing buffers it', async () => {
  await tell(2)
  const stream = await listen()
  expect(stream.status).toBe(200)
  expect(Object.fromEntries(stream.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  })
  expect(await ready(stream)).toMatchObject({ id: 2, data: { payload: { seq: 2, epoch: expect.any(String) } } })
  const unread = await stream.find((e) => e.event === 'unread')
  expect([unread.id, unread.data]).toEqual([undefined, { type: 'unread', payload: { count: 2, seq: 2 } }])
  expect(stream.retry).toBeGreaterThanOrEqual(1000)
  expect(stream.retry).toBeLessThanOrEqual(5000)
})

test('a HEAD of a stream has its headers and no body, so that what follows on the connection is answered; behind another request a stream begins, too', async () => {
  const { hostname, port } = new URL(service.url)
  const headers = Object.entries({ host: hostname, ...service.headersOf(alice) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  const asked = (method: string, path: string) => `${method} ${path} HTTP/1.1\r\n${headers.join('')}\r\n`
  const said = async (...requests: string[]) => {
    let text = ''
    const line = connect(Number(port), hostname).on('data', (data) => void (text += String(data)))
    line.write(requests.join(''))
    await pause()
    await tell(1)
    await pause()
    line.destroy()
    return text
  }
  const pause = () => new Promise((resolve) => setTimeout(resolve, 300))
  const path = '/api/notifications/stream'
  const head = await said(asked('HEAD', path), asked('GET', '/api/notifications/unread-count'))
  expect(head).toMatch(
    /^HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)*content-type: text\/event-stream[^\r]*\r\n(?:[^\r]+\r\n)*\r\nHTTP\/1\.1 200 OK/i,
  )
  expect(head).not.toContain('retry: ')
  const behind = await said(asked('GET', '/api/notifications/unread-count'), asked('GET', path))
  expect(behind).toMatch(/\r\n\r\nretry: \d+\n\n/)
  expect(behind).toContain('event: notification')
  await settled(() => expect(service.running.live.hub.size).toBe(0))
})

test('Last-Event-ID with a bearer, or a ticket with after, brings exactly what was missed, then what comes', async () => {
  await tell(250)
  const replayed = await listen({ headers: { 'last-event-id': '120' } })
  await ready(replayed)
  expect(seqs(replayed)).toEqual(upTo(250, 121))
  const ticketed = await withTicket(`ticket=${await ticketFor(alice)}&after=248`, { 'last-event-id': '1' })
  await ready(ticketed)
  expect(seqs(ticketed)).toEqual([249, 250])
  await tell(1)
  for (const stream of [replayed, ticketed]) await stream.find((e) => e.id === 251)
})

test('a ticket opens one stream, once; without one, or with a wrong one, it is 401', async () => {
  const query = `ticket=${await ticketFor(alice)}`
  expect((await withTicket(query)).status).toBe(200)
  expect((await withTicket(query)).status).toBe(401)
  expect((await withTicket('ticket=nonsense')).status).toBe(401)
  expect((await withTicket('')).status).toBe(401)
  expect((await listen({ headers: { 'last-event-id': 'x1' } })).status).toBe(400)
  expect((await listen({ query: '?after=-1' })).status).toBe(400)
  expect((await listen({ query: '?unknown=1' })).status).toBe(400)
})

test('who asks for more than is kept, for what never was, or after another history, is told to read anew', async () => {
  await tell(5)
  await service.rows(`delete from kit.events where topic = $1 and seq <= 3`, [`user:${alice.id}`])
  for (const [after, epoch] of [
    ['1', ''],
    ['9', ''],
    ['4', `&epoch=${newId()}`],
  ]) {
    const stream = await listen({ query: `?after=${after}${epoch}` })
    expect(await stream.find((e) => e.event === 'reset')).toMatchObject({ id: 5 })
    await ready(stream)
    expect(seqs(stream)).toEqual([])
  }
  const kept = await listen({ query: '?after=3' })
  await ready(kept)
  expect(seqs(kept)).toEqual([4, 5])
})

test('each tab hears in its own language', async () => {
  const ko = await listen({ query: '?lang=ko', headers: { 'accept-language': 'en' } })
  const en = await listen({ headers: { 'accept-language': 'en-US' } })
  await Promise.all([ready(ko), ready(en)])
  await tell(1)
  const message = async (stream: EventStream) =>
    ((await stream.find((e) => e.event === 'notification')).data.payload as unknown as Notification).message
  expect(await message(ko)).toBe('Bob님이 ‘Launch’ 프로젝트의 ‘Plan’ 작업을 회원님에게 배정했습니다.')
  expect(await message(en)).toBe('Bob assigned “Plan” in Launch to you.')
})

test('the unread count follows every change, in all tabs and all processes, and is read once for many changes', async () => {
  const { url } = await service.another()
  const here = await listen()
  const there = await listen({ at: url })
  await Promise.all([ready(here), ready(there)])
  const last = (stream: EventStream) => {
    const all = stream.events
      .filter((e) => e.event === 'unread')
      .map((e) => e.data.payload as unknown as { seq: number })
    return all.toSorted((a, b) => a.seq - b.seq).at(-1)
  }
  statements.length = 0
  await service.tell(...Array.from({ length: 50 }, () => assigned([alice.id])))
  for (const stream of [here, there]) await settled(() => expect(last(stream)).toEqual({ count: 50, seq: 50 }))
  expect(statements.filter((text) => text.includes('cross join lateral (select count(*)')).length).toBeLessThan(25)
  const { items } = await service.as(alice)(notifications.list, {})
  await service.as(alice)(notifications.read, { params: { id: items[0]!.id } })
  for (const stream of [here, there]) await settled(() => expect(last(stream)).toEqual({ count: 49, seq: 51 }))
  await service.as(alice)(notifications.readAll, { body: {} })
  for (const stream of [here, there]) await settled(() => expect(last(stream)).toEqual({ count: 0, seq: 52 }))
})

// What a client shows: the rule of the contract.
const model = () => {
  const rows = new Map<string, Notification>()
  return {
    rows,
    apply: ({ type, payload }: { type: string; payload?: unknown }) => {
      if (type === 'notification' || type === 'notification.read') {
        const row = payload as Notification
        if ((rows.get(row.id)?.version ?? 0) < row.version) rows.set(row.id, row)
      } else if (type === 'notification.deleted') rows.delete((payload as { id: string }).id)
      else if (type === 'notifications.read') {
        const { workspaceId: of, readAt } = payload as { workspaceId: string | null; readAt: string }
        for (const [id, row] of rows)
          if (!row.isRead && (of === null || of === row.workspaceId))
            rows.set(id, { ...row, isRead: true, readAt, version: row.version + 1 })
      } else if (type === 'notifications.hidden') {
        for (const [id, row] of rows)
          if (row.workspaceId === (payload as { workspaceId: string }).workspaceId) rows.delete(id)
      }
    },
  }
}
const newestFirst = (rows: Iterable<Notification>) =>
  [...rows].toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : a.id < b.id ? 1 : -1))

test('a state read at any time and the events since then are the state read at the end', async () => {
  const stream = await listen({ headers: { 'accept-language': 'en' } })
  await ready(stream)
  const read = () => service.as(alice)(notifications.list, { query: { limit: 100 } })
  const states: Awaited<ReturnType<typeof read>>[] = []
  const chat = newId()
  const rooms = () => ({
    ...assigned([alice.id]),
    type: 'chat_message' as const,
    data: { actorName: 'Bob', chatId: chat, chatName: null, messageId: newId(), excerpt: '' },
    fold: `room:${chat}`,
  })
  await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      await service.tell(i % 3 ? assigned([alice.id], i % 2 ? {} : { workspaceId: chat }) : rooms())
      const state = await read()
      states.push(state)
      const some = state.items[(i * 7) % Math.max(1, state.items.length)]
      const params = { id: some?.id ?? newId() }
      if (i % 4 === 0)
        await service
          .as(alice)(notifications.read, { params })
          .catch(() => undefined)
      if (i % 6 === 0)
        await service
          .as(alice)(notifications.remove, { params })
          .catch(() => undefined)
      if (i % 10 === 0) await service.as(alice)(notifications.readAll, { body: i % 20 ? {} : { workspaceId: chat } })
    }),
  )
  const end = await read()
  await stream.find((e) => e.id === end.seq)
  expect(seqs(stream)).toEqual(upTo(end.seq))
  for (const state of [{ items: [], seq: 0 }, ...states]) {
    const { rows, apply } = model()
    for (const row of state.items) rows.set(row.id, row)
    for (const e of stream.events) if (e.data.seq !== undefined && e.data.seq > state.seq) apply(e.data)
    expect(newestFirst(rows.values())).toEqual(end.items)
  }
})

test('everything that is sent is what the contract says, and what was deleted is skipped when it is replayed', async () => {
  await tell(3)
  const { items } = await service.as(alice)(notifications.list, {})
  await service.as(alice)(notifications.read, { params: { id: items[0]!.id } })
  await service.as(alice)(notifications.remove, { params: { id: items[0]!.id } })
  await service.as(alice)(notifications.readAll, { body: {} })
  const stream = await listen({ headers: { 'last-event-id': '0' } })
  await stream.find((e) => e.event === 'unread')
  expect(stream.events.map((e) => e.event)).toEqual([
    'notification',
    'notification',
    'skip',
    'skip',
    'notification.deleted',
    'notifications.read',
    'ready',
    'unread',
  ])
  for (const e of stream.events) expect(() => StreamEvent.parse(e.data), e.event).not.toThrow()
  expect(seqs(stream)).toEqual(upTo(6))
})

test('the streams of a session that is revoked end within a second, in every process, and do not open again', async () => {
  const { url } = await service.another()
  const streams = [await listen(), await listen({ at: url })]
  await Promise.all(streams.map(ready))
  const begun = Date.now()
  await service.running.base.revocations.revoke({ sub: alice.id })
  const closed = await Promise.all(streams.map((s) => s.find((e) => e.event === 'close')))
  await Promise.all(streams.map((s) => s.ended))
  expect(Date.now() - begun).toBeLessThan(3000)
  for (const { data } of closed) expect(data).toMatchObject({ type: 'bye', payload: { code: 4401 } })
  await tell(1)
  expect(streams.map(seqs)).toEqual([[], []])
})

test('a process that stops tells its streams to come back, and when; what they missed is there', async () => {
  const { running, url } = await service.another()
  const stream = await listen({ at: url })
  await ready(stream)
  await tell(1)
  await stream.find((e) => e.id === 1)
  await running.drain()
  const { data } = await stream.find((e) => e.event === 'close')
  expect(data).toMatchObject({ payload: { code: 1012, retryAfter: expect.any(Number) } })
  expect(stream.retry).toBe((data.payload as unknown as { retryAfter: number }).retryAfter)
  await stream.ended
  await tell(1)
  const again = await listen({ headers: { 'last-event-id': '1' } })
  await ready(again)
  expect(seqs(again)).toEqual([2])
})

test('who leaves is forgotten, and nobody has more than 20 streams on a process', async () => {
  const { hub } = service.running.live
  await settled(() => expect(hub.size).toBe(0))
  const streams = await Promise.all(Array.from({ length: 20 }, () => listen()))
  expect(streams.map((s) => s.status)).toEqual(Array(20).fill(200))
  expect((await listen()).status).toBe(429)
  await Promise.all(open.splice(0).map((s) => s.close()))
  await settled(() => expect(hub.size).toBe(0))
  expect((await listen()).status).toBe(200)
})

test('a client that does not read is let go, and what it did not take is not kept', async () => {
  const { live } = service.running.base
  await settled(() => expect(live.hub.size).toBe(0))
  const headers = Object.entries(service.headersOf(alice)).map(([k, v]) => `${k}: ${v}\r\n`)
  const socket = connect(service.running.port, '127.0.0.1')
  socket.write(`GET /api/notifications/stream HTTP/1.1\r\nhost: noti\r\n${headers.join('')}\r\n`)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => undefined)
  socket.pause()
  await settled(() => expect(live.hub.size).toBe(1))
  const [listener] = live.hub.listeners()
  const pad = 'x'.repeat(200_000)
  await settled(async () => {
    for (let i = 0; i < 20; i++) live.say(`user:${alice.id}`, 'noise', { pad })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(listener!.unsent()).toBeGreaterThan(64 * 1024)
  })
  expect(listener!.unsent()).toBeLessThan(1024 * 1024)
  await settled(() => expect(live.hub.size).toBe(0), 20_000)
  socket.resume()
  await closed
}, 40_000)

test('a hundred people are told at once, with one transaction, and each hears their own', async () => {
  const people = Array.from({ length: 30 }, () => ({ id: newId() }))
  const streams = await Promise.all(people.map((p) => service.listen(p)))
  open.push(...streams)
  await Promise.all(streams.map(ready))
  const others = Array.from({ length: 70 }, () => newId())
  statements.length = 0
  await service.tell(assigned([...people.map((p) => p.id), ...others]))
  const heard = await Promise.all(streams.map((s) => s.find((e) => e.event === 'notification')))
  expect(statements.filter((text) => text === 'commit')).toHaveLength(1)
  const ids = new Set(heard.map((e: ServerEvent) => (e.data.payload as unknown as Notification).id))
  expect(ids.size).toBe(30)
  for (const e of heard) expect(e.data).toMatchObject({ seq: 1, actorId: actor, payload: { workspaceId } })
})
