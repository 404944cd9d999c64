import { chatMember } from '@wealist/dev/testing/chat-member'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { startLine } from '@wealist/dev/testing/line'
import { type Pod, startPod } from '@wealist/dev/testing/pods'
import { hasRedisServer, startRedisServer } from '@wealist/dev/testing/redis-server'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

// The whole of it: CHAT_MESSAGES=20000.
const all = Number(process.env['CHAT_MESSAGES'] ?? 1500)
const crowd = 50
let service: ChatService
let redis: { url: string; down(): Promise<void>; up(): Promise<void>; stop?(): Promise<void> }
let pods: Pod[]

beforeAll(async () => {
  // A real one is killed and started again; of the embedded one the line is cut.
  const real = hasRedisServer() ? await startRedisServer() : undefined
  service = await chatService(real ? { REDIS_URL: real.url } : {})
  const { config } = service.running.base
  redis = real ?? (await startLine(config.REDIS_URL))
  const through = { ...config, REDIS_URL: redis.url }
  pods = await Promise.all([startPod('chat', through), startPod('chat', through)])
}, 60_000)
afterAll(async () => {
  for (const pod of pods) pod.stop()
  await service.stop()
  await (redis.stop ?? redis.down)()
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const pick = <T>(of: readonly T[]) => of[Math.floor(Math.random() * of.length)]!

const member = (person: { id: string; name: string }, rooms: readonly string[]) =>
  chatMember(
    { url: () => pick(pods).url, headers: () => service.headersOf(person), workspaceId: service.workspaceId },
    rooms,
  )

test(`${all} messages of 50 people on two processes, with lost sockets, a killed process and Redis restarted: each stored once, heard by all in one order`, async () => {
  const people = Array.from({ length: crowd }, (_, n) => ({ id: newId(), name: `P${n}` }))
  for (const { id } of people) await service.setMember(id, 'member')
  const ids = people.map((p) => p.id)
  const rooms = [(await service.group(ids)).id, (await service.group(ids)).id]
  const clients = people.map((person) => member(person, rooms))
  const acknowledged: { room: string; clientId: string; seq: number }[] = []
  let sent = 0
  const started = performance.now()
  const talk = clients.map(async (client, n) => {
    while (sent < all) {
      const content = `m${sent++} of ${n}`
      const room = pick(rooms)
      acknowledged.push({ room, ...(await client.say(room, content)) })
    }
  })
  const upTo = async (share: number) => {
    while (acknowledged.length < all * share) await pause(20)
  }
  const trouble = (async () => {
    for (let share = 0.1; share < 0.95; share += 0.05) {
      await upTo(share)
      for (let i = 0; i < 5; i++) pick(clients).drop()
    }
  })()
  await upTo(0.3)
  await pods[0]!.replace()
  await upTo(0.6)
  await redis.down()
  await pause(1500)
  await redis.up()
  await Promise.all([...talk, trouble])
  const seconds = (performance.now() - started) / 1000

  const stored = await service.rows<{ clientId: string; room: string; seq: string }>(
    'select client_id as "clientId", room_id as room, seq from messages where sender_id = any($1)',
    [ids],
  )
  expect(stored).toHaveLength(acknowledged.length)
  const bySender = new Map(stored.map((m) => [m.clientId, { room: m.room, seq: Number(m.seq) }]))
  for (const { clientId, ...ack } of acknowledged) expect(bySender.get(clientId)).toEqual(ack)
  for (const room of rooms) {
    const log = await service.rows<{ seq: string; type: string }>(
      'select seq, type from kit.events where topic = $1 order by seq',
      [`room:${room}`],
    )
    const expected = log.map((e) => `${e.seq} ${e.type}`)
    for (const { heard, state } of clients) {
      await expect
        .poll(() => heard.get(room)!.length, { timeout: 20_000, interval: 50 })
        .toBeGreaterThanOrEqual(expected.length)
      expect(heard.get(room)!.map((e) => `${e.seq} ${e.type}`)).toEqual(expected)
      expect(state.resets).toBe(0)
    }
  }
  const opened = clients.reduce((sum, c) => sum + c.state.opened, 0)
  console.log(`${all} messages in ${seconds.toFixed(1)} s, ${opened - crowd} sockets lost and opened again`)
  for (const client of clients) client.end()
}, 600_000)
