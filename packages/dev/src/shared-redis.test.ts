import { assigned, notiService } from '@wealist/dev/testing/noti-service'
import { chatService } from '@wealist/dev/testing/chat-service'
import { expect, test } from 'vitest'

test('services on one Redis do not hear each other: a person’s notifications and rooms are of two logs, each whole', async () => {
  const chat = await chatService()
  const noti = await notiService({ REDIS_PREFIX: chat.running.base.config.REDIS_PREFIX })
  const { bob } = chat.people
  const tell = () => noti.tell(assigned([bob.id]))
  try {
    const socket = await chat.socket(bob, `/api/chats/ws?workspaceId=${chat.workspaceId}`)
    socket.send('resume', {})
    const stream = await noti.listen(bob)
    await Promise.all([socket.type('ready'), stream.find((e) => e.event === 'ready')])
    // Chat's log of Bob is ahead of noti's, then the other way round.
    for (let i = 0; i < 3; i++) await chat.group()
    for (let i = 0; i < 6; i++) await tell()
    for (let i = 0; i < 4; i++) await chat.group()
    await expect.poll(() => stream.events.filter((e) => e.event === 'notification').length).toBe(6)
    await expect.poll(() => socket.heard.filter((f) => f.type === 'room.added').length).toBe(7)
    expect(stream.events.filter((e) => e.event === 'notification').map((e) => e.id)).toEqual([1, 2, 3, 4, 5, 6])
    const others = ['ready', 'unread', 'heartbeat', 'notification']
    expect(stream.events.filter((e) => !others.includes(e.event))).toEqual([])
    expect(socket.heard.filter((f) => f.type === 'notification' || f.type === 'reset')).toEqual([])
    await stream.close()
  } finally {
    await noti.stop()
    await chat.stop()
  }
})
