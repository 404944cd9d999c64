import { live, participants } from '@wealist/contract/chat'
import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { type Pod, startPod } from '@wealist/dev/testing/pods'
import { openSocket } from '@wealist/dev/testing/chat-socket'
import { hasRedisServer, startCluster } from '@wealist/dev/testing/redis-server'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const there = hasRedisServer()
if (!there) console.warn('skipped: there is no redis-server here to make a cluster of')

describe.runIf(there)('on a cluster of Redis', () => {
  let redis: Awaited<ReturnType<typeof startCluster>>
  let service: ChatService
  let pod: Pod
  beforeAll(async () => {
    redis = await startCluster()
    service = await chatService({ REDIS_URL: redis.url, REDIS_CLUSTER: 'true' })
    pod = await startPod('chat', service.running.base.config)
  }, 60_000)
  afterAll(async () => {
    pod.stop()
    await service.stop()
    await redis.stop()
  })

  test('messages pass between processes by sharded pub/sub, and rights, presence and removal hold as on one node', async () => {
    const { alice, bob } = service.people
    const { id } = await service.group()
    const socket = await openSocket(`${pod.url}/api/chats/ws/${id}`, service.headersOf(bob))
    socket.send('resume', {})
    await socket.type('ready')
    await expect.poll(async () => (await redis.sharded()).some((c) => c.endsWith(`live:chat:room:${id}`))).toBe(true)
    const said = await Promise.all(Array.from({ length: 20 }, (_, n) => service.say(alice, id, `m${n}`)))
    await socket.next((f) => f.seq === Math.max(...said.map((m) => m.seq)))
    const seqs = socket.heard.filter((f) => f.type === 'message').map((f) => f.seq)
    expect(seqs).toEqual(said.map((m) => m.seq).toSorted((a, b) => a - b))
    expect((await socket.say('back')).type).toBe('ack')
    await socket.next((f) => f.type === 'presence')

    const since = Date.now()
    await service.as(alice)(participants.remove, { params: { id, userId: bob.id } })
    expect(await socket.closed()).toBe(4403)
    const guest = { id: newId(), name: 'Guest' }
    await service.setMember(guest.id, 'member')
    const theirs = await openSocket(
      `${pod.url}/api/chats/ws?workspaceId=${service.workspaceId}`,
      service.headersOf(guest),
    )
    theirs.send('resume', {})
    await theirs.type('ready')
    await expect
      .poll(async () => {
        const { items } = await service.as(alice)(live.present, { query: { workspaceId: service.workspaceId } })
        return items.some((p) => p.userId === guest.id && p.state === 'online')
      })
      .toBe(true)
    await service.setMember(guest.id, null)
    expect([4403, 4404]).toContain(await theirs.closed())
    expect(Date.now() - since).toBeLessThan(5000)
  })
})
