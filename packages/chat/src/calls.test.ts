import { calls, messages, participants, rooms } from '@wealist/contract/chat'
import { CallWebhook } from '@wealist/contract/chat/calls'
import { startLiveKit } from '@wealist/dev/livekit'
import { codeOf } from '@wealist/dev/testing/board-service'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { newId } from '@wealist/kit/ids'
import { TokenVerifier } from 'livekit-server-sdk'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { topicOf } from './access.ts'
import { reconcile } from './calls.ts'

const keys = { key: 'livekit-key', secret: 'a-secret-of-livekit-that-is-long-enough' }
let service: ChatService
let livekit: Awaited<ReturnType<typeof startLiveKit>>

beforeAll(async () => {
  livekit = await startLiveKit(keys)
  service = await chatService({
    LIVEKIT_URL: livekit.url,
    LIVEKIT_API_KEY: keys.key,
    LIVEKIT_API_SECRET: keys.secret,
  })
})
afterAll(async () => {
  await service.stop()
  await livekit.stop()
})

const alice = () => service.as(service.people.alice)
const bob = () => service.as(service.people.bob)
const send = async ({ body, headers }: { body: string; headers: Record<string, string> }) =>
  (await fetch(`${service.url}/api/chats/livekit/webhook`, { method: 'POST', body, headers })).status
const hook = async (event: string, room: string, device?: { sid: string; identity: string }, id = newId()) =>
  send(
    await livekit.webhook({
      id,
      event,
      room: { name: room },
      createdAt: String(Math.floor(Date.now() / 1000)),
      ...(device && { participant: device }),
    }),
  )
const saidBySystem = async (id: string) =>
  (await alice()(messages.list, { params: { id }, query: {} })).items
    .filter((m) => m.type === 'system')
    .map((m) => (JSON.parse(m.content) as { kind: string }).kind)
    .toReversed()
const peopleIn = async (id: string) => (await bob()(calls.get, { params: { id } })).call?.people.map((p) => p.userId)

test('ten who start at once are in one call, each with a token for themselves and that room alone', async () => {
  const { id } = await service.group()
  const joined = await Promise.all(
    Array.from({ length: 10 }, (_, i) => (i % 2 ? alice() : bob())(calls.join, { params: { id } })),
  )
  expect(new Set(joined.map((j) => j.room)).size).toBe(1)
  const [first, second] = joined
  const claims = await new TokenVerifier(keys.key, keys.secret).verify(second!.token)
  expect(claims.video).toEqual({
    roomJoin: true,
    room: first!.room,
    canPublish: true,
    canSubscribe: true,
    canPublishData: true,
  })
  expect(claims.sub).toBe(service.people.alice.id)
  expect(Number((claims as { exp?: number }).exp) - Date.now() / 1000).toBeLessThanOrEqual(600)
  expect(first!.room).toMatch(/^[\w-]{32}$/)
  expect(await saidBySystem(id)).toEqual(['call.started'])
  expect(await codeOf(service.as(service.people.vera)(calls.join, { params: { id } }))).toBe('NOT_FOUND')
})

test('a call, and that there is none, is said with how far the room has come', async () => {
  const { id } = await service.group()
  const room = async () => (await bob()(rooms.get, { params: { id } })).seq
  expect(await bob()(calls.get, { params: { id } })).toEqual({ call: null, seq: await room() })
  const { call } = await alice()(calls.join, { params: { id } })
  expect(await bob()(calls.get, { params: { id } })).toEqual({ call, seq: await room() })
})

test('who is in it is what LiveKit says, however often and in whatever order it says so', async () => {
  const { id } = await service.group()
  const { room } = await alice()(calls.join, { params: { id } })
  const device = { sid: 'PA_1', identity: service.people.alice.id }
  const event = newId()
  expect(await hook('participant_joined', room, device, event)).toBe(204)
  expect(await hook('participant_joined', room, device, event)).toBe(204)
  expect(await peopleIn(id)).toEqual([service.people.alice.id])
  // The end of a device that is heard of before its beginning.
  await hook('participant_left', room, { sid: 'PA_2', identity: service.people.bob.id })
  await hook('participant_joined', room, { sid: 'PA_2', identity: service.people.bob.id })
  expect(await peopleIn(id)).toEqual([service.people.alice.id])
  // Somebody comes back on a new device before the old one is said to be gone.
  await hook('participant_joined', room, { ...device, sid: 'PA_3' })
  await hook('participant_left', room, device)
  expect(await peopleIn(id)).toEqual([service.people.alice.id])
  await hook('room_finished', room)
  expect(await peopleIn(id)).toBeUndefined()
  const before = await saidBySystem(id)
  await hook('room_finished', room)
  await hook('participant_left', room, { ...device, sid: 'PA_3' })
  expect(await saidBySystem(id)).toEqual(before)
  expect(before.at(-1)).toBe('call.ended')
})

/** A call that ended when everybody left, and whose room LiveKit has closed by now. */
const ended = async () => {
  const { id } = await service.group()
  const { room } = await alice()(calls.join, { params: { id } })
  expect(await hook('room_finished', room)).toBe(204)
  await expect.poll(() => livekit.asked.filter((a) => a.method === 'DeleteRoom' && a.room === room)).toHaveLength(1)
  return { id, room }
}

test('whoever comes into a call that has ended is put out of it each time, and nobody reads that they came', async () => {
  const { id, room } = await ended()
  for (const sid of ['PA_late', 'PA_later']) {
    livekit.rooms.add(room)
    expect(await hook('participant_joined', room, { sid, identity: service.people.alice.id })).toBe(204)
    await expect.poll(() => livekit.rooms.has(room)).toBe(false)
  }
  expect(await peopleIn(id)).toBeUndefined()
  expect(await saidBySystem(id)).toEqual(['call.started', 'call.ended'])
})

test.each([
  ['everybody left', async () => ended()],
  [
    'its room was deleted',
    async () => {
      const { id } = await service.group()
      const { room } = await alice()(calls.join, { params: { id } })
      await alice()(rooms.remove, { params: { id } })
      return { id, room }
    },
  ],
])('whoever came unheard into a call after %s is out of it when no token opens it any more', async (_, over) => {
  const { room } = await over()
  livekit.rooms.add(room)
  const due = () =>
    service.rows(
      `update graphile_worker._private_jobs set run_at = now()
      where payload->>'livekitRoom' = $1 and run_at between now() + interval '10 minutes' and now() + interval '11 minutes' returning id`,
      [room],
    )
  await expect.poll(due).toHaveLength(1)
  await expect.poll(() => livekit.rooms.has(room), { timeout: 5000 }).toBe(false)
})

test('a webhook that LiveKit did not sign, over this very body, is refused and changes nothing', async () => {
  const { id } = await service.group()
  const { room } = await alice()(calls.join, { params: { id } })
  const real = await livekit.webhook({ id: newId(), event: 'room_finished', room: { name: room } })
  expect(await send({ ...real, body: real.body.replace('room_finished', 'room_started') })).toBe(401)
  expect(await send({ body: real.body, headers: {} })).toBe(401)
  expect(await send({ ...real, headers: { authorization: `${real.headers.authorization}x` } })).toBe(401)
  expect(await send({ body: 'x'.repeat(100_000), headers: real.headers })).toBe(413)
  expect(await peopleIn(id)).toEqual([])
})

test('the documents say what LiveKit’s webhook takes, and what is sent is that', async () => {
  const document: any = await (await fetch(`${service.url}/openapi.json`)).json()
  const { requestBody } = document.paths['/api/chats/livekit/webhook'].post
  expect(requestBody.required).toBe(true)
  expect(requestBody.content['application/webhook+json'].schema).toMatchObject({
    type: 'object',
    properties: { event: { type: 'string' }, room: { type: 'object', required: ['name'] } },
    required: ['id', 'event', 'createdAt'],
  })
  const event = {
    id: newId(),
    event: 'room_started',
    createdAt: '1',
    room: { name: 'none', sid: 'RM_1' },
    numDropped: 0,
  }
  const sent = await livekit.webhook(event)
  expect(Object.keys(requestBody.content)).toEqual([sent.headers['content-type']])
  expect(CallWebhook.parse(JSON.parse(sent.body))).toEqual(event)
  expect(await send(sent)).toBe(204)
  expect(await (await fetch(`${service.url}/docs`)).text()).toContain('application/webhook+json')
})

test('who started it ends it, in LiveKit too; others do not, and whoever is removed from the room is out of the call', async () => {
  const { id } = await service.group()
  const { room } = await alice()(calls.join, { params: { id } })
  livekit.rooms.add(room)
  expect(await codeOf(bob()(calls.end, { params: { id } }))).toBe('FORBIDDEN')
  await alice()(participants.remove, { params: { id, userId: service.people.bob.id } })
  const asked = (method: string) => livekit.asked.filter((a) => a.method === method && a.room === room)
  await expect
    .poll(() => asked('RemoveParticipant'), { timeout: 5000 })
    .toEqual([{ method: 'RemoveParticipant', room, identity: service.people.bob.id }])
  await alice()(calls.end, { params: { id } })
  await expect.poll(() => livekit.rooms.has(room), { timeout: 5000 }).toBe(false)
  expect(await codeOf(alice()(calls.end, { params: { id } }))).toBe('NOT_FOUND')
})

const putOut = (room: string) => livekit.asked.filter((a) => a.method === 'RemoveParticipant' && a.room === room).length
const logged = async (id: string, type: string) =>
  (await service.rows('select from kit.events where topic = $1 and type = $2', [topicOf(id), type])).length

test.each<[string, (id: string, userId: string) => Promise<unknown>, number]>([
  ['the room', (id, userId) => alice()(participants.remove, { params: { id, userId } }), 1],
  // And the log of user-service, which takes them out of the room, has not been read yet.
  ['the workspace', (_, userId) => service.setMember(userId, null), 0],
])(
  'whoever lost %s between token and call is put out each time they come, and nobody reads of it',
  async (_, remove, byRemoval) => {
    const guest = { id: newId(), name: 'Guest' }
    await service.setMember(guest.id, 'member')
    const { id } = await service.group([service.people.bob.id, guest.id])
    const { room } = await service.as(guest)(calls.join, { params: { id } })
    livekit.rooms.add(room)
    await hook('participant_joined', room, { sid: 'PA_alice', identity: service.people.alice.id })
    await remove(id, guest.id)
    await expect.poll(() => putOut(room)).toBe(byRemoval)
    for (const times of [1, 2]) {
      const device = { sid: `PA_guest${times}`, identity: guest.id }
      expect(await hook('participant_joined', room, device)).toBe(204)
      await expect.poll(() => putOut(room)).toBe(byRemoval + times)
      expect(await hook('participant_left', room, device)).toBe(204)
    }
    expect(await peopleIn(id)).toEqual([service.people.alice.id])
    expect(await saidBySystem(id)).toEqual(['call.started', 'call.joined'])
    expect(await logged(id, 'call.updated')).toBe(1)
  },
)

test('whoever comes into a call while they are being removed is put out once they are, and was never in it', async () => {
  const { id } = await service.group()
  const { room } = await alice()(calls.join, { params: { id } })
  const remover = new pg.Client({ connectionString: service.running.base.config.DATABASE_URL! })
  await remover.connect()
  await remover.query('begin')
  await remover.query('delete from participants where room_id = $1 and user_id = $2', [id, service.people.bob.id])
  const heard = hook('participant_joined', room, { sid: 'PA_late', identity: service.people.bob.id })
  await new Promise((resolve) => setTimeout(resolve, 300))
  await remover.query('commit')
  await remover.end()
  expect(await heard).toBe(204)
  await expect.poll(() => putOut(room)).toBe(1)
  expect((await alice()(calls.get, { params: { id } })).call?.people).toEqual([])
  expect(await logged(id, 'call.updated')).toBe(0)
})

test('a call whose end did not reach us ends when LiveKit does not have it any more, and where nobody came, with its tokens', async () => {
  const [lost, lasting, coming] = [await service.group(), await service.group(), await service.group()]
  const begin = async ({ id }: { id: string }) => (await alice()(calls.join, { params: { id } })).room
  await hook('participant_joined', await begin(lost), { sid: 'PA_lost', identity: service.people.alice.id })
  livekit.rooms.add(await begin(lasting))
  await begin(coming)
  const { base, deps } = service.running
  const after = async (minutes: number) => {
    await service.rows('update calls set started_at = now() - make_interval(mins => $1) where ended_at is null', [
      minutes,
    ])
    await reconcile({ ...base, ...deps, tx: (work: never) => base.db.tx(work) } as never)
    return Promise.all([lost, lasting, coming].map(({ id }) => peopleIn(id)))
  }
  expect(await after(1)).toEqual([[service.people.alice.id], [], []])
  expect(await after(3)).toEqual([undefined, [], []])
  expect(await after(9)).toEqual([undefined, [], []])
  expect(await after(11)).toEqual([undefined, [], undefined])
})

test('without LiveKit a call is refused with 503 and a sentence, and the room works', async () => {
  const bare = await chatService()
  const { id } = await bare.group()
  const asked = bare.as(bare.people.alice)(calls.join, { params: { id } })
  await expect(asked).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('LiveKit') })
  expect((await bare.as(bare.people.alice)(calls.get, { params: { id } })).call).toBeNull()
  await bare.stop()
})
