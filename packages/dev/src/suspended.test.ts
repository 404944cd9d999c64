import { sessions } from '@wealist/contract/auth'
import { call } from '@wealist/contract/call'
import { rooms } from '@wealist/contract/chat'
import { people } from '@wealist/contract/ops'
import { members, projects } from '@wealist/contract/board'
import { serviceNames } from '@wealist/contract/topology'
import { closeCodes } from '@wealist/kit/live/close-codes'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openEvents } from './testing/event-stream.ts'
import { everyRoute, requestOf } from './testing/examples.ts'
import { listen } from './testing/project-client.ts'
import { testWorld, type World } from './testing/world.ts'

let world: World
beforeAll(async () => void (world = await testWorld()))
afterAll(() => world.stop())

const since = (begun: number) => performance.now() - begun
const patience = { timeout: 10_000, interval: 10 }
// One read of each service that a member of the workspace may make.
const reads = serviceNames.flatMap((service) =>
  everyRoute
    .filter(
      ({ service: of, route: { access, method, path, stream } }) =>
        of === service &&
        method === 'GET' &&
        (access === 'self' || access === 'scoped') &&
        !stream &&
        !path.includes('{'),
    )
    .slice(0, 1),
)

test('a suspension is felt everywhere within a second: tokens refused, sockets and streams closed, sign-in refused', async () => {
  const { alice, bob } = world.people
  const headers = { authorization: `Bearer ${bob.token}` }
  const statuses = () =>
    Promise.all(
      reads.map(async (named) => {
        const { path, init } = requestOf(named, world.ids, { token: bob.token })
        return (await fetch(world.url(named.service) + path, init)).status
      }),
    )
  expect(reads.length).toBe(6)
  expect(new Set(await statuses())).toEqual(new Set([200]))

  const project = await alice.ask('board', projects.create, {
    body: { workspaceId: world.ids['workspace']!, name: 'Tarts' },
  })
  await alice.ask('board', members.add, { params: { id: project.id }, body: { userId: bob.id } })
  const board = listen({
    ask: (route, input) => bob.ask('board', route, input),
    url: world.url('board'),
    headers,
    projectId: project.id,
  })
  await board.open()
  await expect.poll(() => board.ready, patience).toBe(true)
  const room = await alice.ask('chat', rooms.create, {
    body: { workspaceId: world.ids['workspace']!, type: 'group', name: 'Jury', participantIds: [bob.id] },
  })
  const chat = new WebSocket(`${world.url('chat').replace('http', 'ws')}/api/chats/ws/${room.id}`, { headers })
  let chatCode: number | undefined
  chat.on('error', () => undefined)
  chat.on('close', (code) => void (chatCode = code))
  const ready = new Promise((resolve) => chat.on('message', (frame) => String(frame).includes('"ready"') && resolve(0)))
  chat.on('open', () => chat.send('{"type":"resume","payload":{}}'))
  await ready
  const stream = await openEvents(`${world.url('noti')}/api/notifications/stream`, headers)
  await stream.find((e) => e.event === 'ready')

  const begun = performance.now()
  await alice.ask('ops', people.setStatus, {
    params: { id: bob.id },
    body: { status: 'suspended', reason: 'Stole the tarts' },
  })
  await expect
    .poll(() => [board.code, chatCode, stream.over], patience)
    .toEqual([closeCodes.unauthorized, closeCodes.unauthorized, true])
  await expect.poll(async () => new Set(await statuses()), patience).toEqual(new Set([401]))
  expect(since(begun)).toBeLessThan(3000)

  const signIn = { body: { email: bob.email, password: bob.password } }
  const refresh = { body: { refreshToken: bob.refreshToken } }
  const auth = { base: world.url('auth') }
  await expect(call(sessions.login, signIn, auth)).rejects.toMatchObject({ code: 'ACCOUNT_SUSPENDED' })
  await expect(call(sessions.refresh, refresh, auth)).rejects.toMatchObject({ code: expect.any(String) })

  await alice.ask('ops', people.setStatus, { params: { id: bob.id }, body: { status: 'active', reason: 'Found them' } })
  // At once, though the job of the suspension may still run: it must not end what is begun now.
  const again = await call(sessions.login, signIn, auth)
  expect(await call(sessions.me, {}, { ...auth, token: again.accessToken })).toMatchObject({ id: bob.id })
})
