import { attachments, calls, messages, participants, rooms } from '@wealist/contract/chat'
import { RoomEvent } from '@wealist/contract/chat/events'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLiveKit } from './livekit.ts'
import { post } from './testing/attach.ts'
import { type ChatService, chatService } from './testing/chat-service.ts'
import { freshRoom, watchRoom } from './testing/room-client.ts'
import { s3Env, s3World, type S3World } from './testing/s3-world.ts'

const keys = { key: 'livekit-key', secret: 'a-secret-of-livekit-that-is-long-enough' }
let livekit: Awaited<ReturnType<typeof startLiveKit>>
let s3: S3World
let chat: ChatService
beforeAll(async () => {
  ;[livekit, s3] = await Promise.all([startLiveKit(keys), s3World()])
  const calling = { LIVEKIT_URL: livekit.url, LIVEKIT_API_KEY: keys.key, LIVEKIT_API_SECRET: keys.secret }
  chat = await chatService({ ...s3Env(s3), ...calling })
})
afterAll(async () => {
  await chat.stop()
  await Promise.all([livekit.stop(), s3.stop()])
})

test('a room that was read once and every type of event since then make the room that is read now', async () => {
  const { alice: owner, bob: watcher, vera } = chat.people
  const [alice, bob] = [chat.as(owner), chat.as(watcher)]
  const { id } = await chat.group()
  const params = { id }
  const first = await chat.say(owner, id, 'Two lumps?')
  const viewer = await watchRoom(chat.url, chat.headersOf(watcher), { ask: bob, id })
  const made: Record<string, string> = {}
  const hook = async (event: string, more: object = {}) => {
    const about = { id: newId(), event, room: { name: made.call }, createdAt: String(Math.floor(Date.now() / 1000)) }
    const { body, headers } = await livekit.webhook({ ...about, ...more })
    await fetch(`${chat.url}/api/chats/livekit/webhook`, { method: 'POST', body, headers })
  }
  const device = { participant: { sid: 'PA_1', identity: owner.id } }
  const reaction = { params: { id: first.id, emoji: '👍' } }
  const steps: (() => Promise<unknown>)[] = [
    () => alice(rooms.update, { params, body: { name: 'High tea' } }),
    () => alice(participants.add, { params, body: { userId: vera.id } }),
    () => alice(participants.update, { params: { id, userId: vera.id }, body: { role: 'admin' } }),
    () => chat.say(watcher, id, 'Three', { replyTo: first.id, mentions: [vera.id] }).then((m) => (made.answer = m.id)),
    () => alice(messages.react, reaction),
    () => bob(messages.react, reaction),
    () => alice(messages.update, { params: { id: first.id }, body: { content: 'Two lumps or three?' } }),
    () => alice(messages.unreact, reaction),
    async () => {
      const form = await alice(attachments.begin, {
        params,
        body: { name: 'tea.txt', size: 3, contentType: 'text/plain' },
      })
      await post(form, 'tea')
      const { id: file } = await chat.say(owner, id, '', { type: 'file', attachments: [form.id] })
      made.file = file
    },
    () => alice(rooms.read, { params, body: { seq: first.seq } }),
    () => alice(messages.remove, { params: { id: made.file! } }),
    // What was answered and reacted to leaves a mark in its place.
    () => alice(messages.remove, { params: { id: first.id } }),
    () => alice(calls.join, { params }).then(({ room }) => (made.call = room)),
    () => hook('participant_joined', device),
    () => hook('participant_left', device),
    () => alice(calls.end, { params }),
    () => alice(participants.remove, { params: { id, userId: vera.id } }),
  ]
  for (const step of steps) {
    await step()
    const fresh = await freshRoom(alice, id)
    await expect.poll(() => viewer.state, { interval: 10 }).toEqual(fresh)
  }
  await alice(rooms.remove, { params })
  await expect.poll(() => viewer.now.code, { interval: 10 }).toBeDefined()
  expect(viewer.now.resets).toBe(0)
  const types = new Set(viewer.heard.map(({ type }) => type))
  expect(types).toEqual(new Set(RoomEvent.options.map(({ shape }) => shape.type.value)))
})
