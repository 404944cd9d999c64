import * as auth from '@wealist/contract/auth'
import { call } from '@wealist/contract/call'
import * as noti from '@wealist/contract/noti'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gateway, startGateway } from './gateway.ts'
import { type EventStream, openEvents } from './testing/event-stream.ts'
import { testWorld, type World } from './testing/world.ts'

let world: World
let gateway: Gateway
const open: EventStream[] = []
beforeAll(async () => {
  world = await testWorld()
  const targets = Object.fromEntries(Object.entries(world.local.ports).map(([name, port]) => [name, { port }]))
  gateway = await startGateway({ port: 0, targets: targets as Parameters<typeof startGateway>[0]['targets'] })
})
afterAll(async () => {
  await Promise.all(open.map((stream) => stream.close()))
  await gateway.stop()
  await world.stop()
})

const listen = async (query: string, headers: Record<string, string> = {}) => {
  const url = `http://127.0.0.1:${gateway.port}/api/svc/noti/api/notifications/stream${query}`
  const stream = await openEvents(url, headers)
  open.push(stream)
  return stream
}

test('through the gateway, a ticket of auth opens the stream of its person, and logging out ends it within a second', async () => {
  const { alice, bob } = world.people
  const { ticket } = await alice.ask('auth', auth.sessions.ticket, {})
  const byTicket = await listen(`?ticket=${ticket}&after=0&lang=ko`)
  const byBearer = await listen('', { authorization: `Bearer ${bob.token}` })
  await Promise.all([byTicket, byBearer].map((s) => s.find((e) => e.event === 'ready')))
  expect(byTicket.events[0]).toMatchObject({
    event: 'notification',
    id: 1,
    data: { payload: { type: 'task_assigned' } },
  })

  const item = {
    eventId: newId(),
    source: 'user' as const,
    type: 'workspace_role_changed' as const,
    recipients: [alice.id, bob.id],
    actorId: bob.id,
    workspaceId: world.ids['workspace']!,
    data: { actorName: 'bob', workspaceName: 'Wonderland', role: 'admin' as const },
  }
  await call(
    noti.internal.create,
    { body: { items: [item] } },
    { base: world.url('noti'), headers: { 'x-internal-api-key': world.internalKey('noti') } },
  )
  expect(await byTicket.find((e) => e.id === 2)).toMatchObject({ data: { payload: { title: '역할 변경' } } })

  const begun = Date.now()
  await alice.ask('auth', auth.sessions.logout, {})
  expect((await byTicket.find((e) => e.event === 'close')).data).toMatchObject({ payload: { code: 4401 } })
  expect(Date.now() - begun).toBeLessThan(3000)
  await byTicket.ended
  expect(byBearer.over).toBe(false)
  expect(byBearer.events.filter((e) => e.event === 'notification')).toEqual([])
})
