import * as contract from '@wealist/contract/board'
import { comments, events, members, projects, tasks, watchers } from '@wealist/contract/board'
import { type NamedRoute, routesOf } from '@wealist/contract/route'
import * as user from '@wealist/contract/user'
import { closeCodes } from '@wealist/kit/live/close-codes'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { attach } from './testing/attach.ts'
import { type EventStream, openEvents } from './testing/event-stream.ts'
import { type Ids, requestOf } from './testing/examples.ts'
import type { Ask } from './testing/one-service.ts'
import { listen } from './testing/project-client.ts'
import { type TestPerson, testWorld, type World } from './testing/world.ts'

const second = 1000
const deadline = { timeout: 10_000, interval: 10 }
let world: World
const streams: EventStream[] = []
beforeAll(async () => void (world = await testWorld()))
afterAll(async () => {
  await Promise.all(streams.map((stream) => stream.close()))
  await world.stop()
})

const onBoard =
  (person: TestPerson): Ask =>
  (route, input) =>
    person.ask('board', route, input)
const bearer = ({ token }: TestPerson) => ({ authorization: `Bearer ${token}` })

/** A workspace of alice with bob and mallory, and a project there that bob helps to run and mallory works in. */
const given = async (visibility: 'workspace' | 'private') => {
  const { alice, bob, mallory } = world.people
  const workspace = await alice.ask('user', user.workspaces.create, { body: { name: 'Croquet' } })
  for (const { email } of [bob, mallory])
    await alice.ask('user', user.members.add, { params: { id: workspace.id }, body: { email, role: 'member' } })
  const ask = onBoard(alice)
  const { id, boards } = await ask(projects.create, {
    body: { workspaceId: workspace.id, name: 'Flamingos', visibility },
  })
  await ask(members.add, { params: { id }, body: { userId: bob.id, role: 'admin' } })
  await ask(members.add, { params: { id }, body: { userId: mallory.id } })
  const board = boards[0]!.id
  const task = await onBoard(bob)(tasks.create, { params: { id: board }, body: { title: 'Hedgehogs' } })
  const attachment = await attach(ask, task.id)
  const ids: Ids = {
    workspace: workspace.id,
    project: id,
    openProject: id,
    board,
    task: task.id,
    attachment: attachment.id,
  }
  return { id, task, board, workspaceId: workspace.id, ids }
}

const reads = routesOf('board', contract).filter(({ route }) => route.method === 'GET')
const ofProject = reads.filter(({ name }) => name !== 'projects.list')

const statuses = async (of: readonly NamedRoute[], { token }: TestPerson, ids: Ids) => {
  const asked = of.map(async (named) => {
    const { path, init } = requestOf(named, ids, { token })
    const response = await fetch(world.url('board') + path, init)
    await response.arrayBuffer()
    return [named.name, response.status] as const
  })
  return Object.fromEntries(await Promise.all(asked))
}
/** All of these can be read; what board remembers of the person is then as fresh as can be. */
const readable = async (of: readonly NamedRoute[], person: TestPerson, ids: Ids) =>
  expect(await statuses(of, person, ids)).toEqual(Object.fromEntries(of.map(({ name }) => [name, 200])))

/** How long until it holds, in milliseconds. */
const since = async (begun: number, assertion: () => Promise<unknown> | unknown) => {
  await expect.poll(async () => assertion(), deadline).toBe(true)
  return performance.now() - begun
}
const hidden = async (of: readonly NamedRoute[], person: TestPerson, ids: Ids) =>
  Object.values(await statuses(of, person, ids)).every((status) => status === 404)

const watching = async (person: TestPerson, projectId: string) => {
  const url = world.url('board')
  const listener = listen({ ask: onBoard(person), url, headers: bearer(person), projectId })
  await listener.open()
  await listener.read()
  await expect.poll(() => listener.ready, deadline).toBe(true)
  return listener
}
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'OK',
    (error: { code: string }) => error.code,
  )

test('removed from a private project: its socket is closed and all of it is 404 within a second', async () => {
  const { alice, bob } = world.people
  const { id, board, task, workspaceId, ids } = await given('private')
  const bobs = await watching(bob, id)
  await readable(ofProject, bob, ids)

  await onBoard(alice)(members.remove, { params: { id, userId: bob.id } })
  const begun = performance.now()
  const [socket, gone] = await Promise.all([
    since(begun, () => bobs.code !== undefined),
    since(begun, () => hidden(ofProject, bob, ids)),
  ])
  expect(socket).toBeLessThan(second)
  expect(gone).toBeLessThan(second)
  expect(bobs.code).toBe(closeCodes.forbidden)

  const made = { params: { id: board }, body: { title: 'Still me' } }
  expect(await codeOf(onBoard(bob)(tasks.create, made))).toBe('NOT_FOUND')
  await onBoard(alice)(tasks.update, { params: { id: task.id }, body: { title: 'Among us' } })
  expect(bobs.heard.map((e) => e.type)).toEqual(['member.removed'])
  const { items } = await onBoard(bob)(projects.list, { query: { workspaceId } })
  expect(items).toEqual([])
  await bobs.open()
  await expect.poll(() => bobs.code, deadline).toBe(closeCodes.unknown)
})

test('removed from a project that their workspace may view: they go on looking, and write nothing from then on', async () => {
  const { alice, bob } = world.people
  const { id, board, task, ids } = await given('workspace')
  const bobs = await watching(bob, id)
  await readable(ofProject, bob, ids)

  await onBoard(alice)(members.remove, { params: { id, userId: bob.id } })
  const made = { params: { id: board }, body: { title: 'Still me' } }
  expect(await codeOf(onBoard(bob)(tasks.create, made))).toBe('FORBIDDEN')
  expect(await codeOf(onBoard(bob)(comments.create, { params: { id: task.id }, body: { content: 'Me' } }))).toBe(
    'FORBIDDEN',
  )
  await readable(ofProject, bob, ids)
  await onBoard(alice)(tasks.update, { params: { id: task.id }, body: { title: 'For all to see' } })
  await expect.poll(() => bobs.heard.map((e) => e.type), deadline).toEqual(['member.removed', 'task.updated'])
  expect(bobs.heard[0]!.payload).toMatchObject({ userId: bob.id, stillViewer: true })
  expect(bobs.code).toBeUndefined()
  bobs.close()
})

test.each(['workspace', 'private'] as const)(
  'removed from the workspace, which a bearer outlives: sockets closed, all 404 within a second, and not told of anything there (%s)',
  async (visibility) => {
    const { alice, bob, mallory } = world.people
    const { id, task, workspaceId, ids } = await given(visibility)
    const other = await given('private')
    const ask = onBoard(alice)
    for (const { id: userId } of [bob, mallory]) await ask(watchers.add, { params: { id: task.id, userId } })
    const hear = async (person: TestPerson) => {
      const stream = await openEvents(`${world.url('noti')}/api/notifications/stream`, bearer(person))
      streams.push(stream)
      await stream.find((e) => e.event === 'ready')
      return stream
    }
    const [bobs, mallorys] = [await hear(bob), await hear(mallory)]
    const told = ({ events: all }: EventStream, of: string) =>
      all
        .filter((e) => e.event === 'notification')
        .map(({ data }) => data.payload as unknown as { workspaceId: string; type: string })
        .filter((n) => n.workspaceId === of)
        .map((n) => n.type)
    // While both are there, both hear.
    await ask(tasks.assign, { params: { id: task.id }, body: { assigneeId: bob.id } })
    await ask(comments.create, { params: { id: task.id }, body: { content: 'Off with her head' } })
    for (const stream of [bobs, mallorys])
      await expect.poll(() => told(stream, workspaceId), deadline).toContain('comment_added')
    await expect.poll(() => told(bobs, workspaceId), deadline).toContain('task_assigned')
    const [before, mallorysBefore] = [told(bobs, workspaceId), told(mallorys, workspaceId)]
    const socket = await watching(bob, id)
    await readable(reads, bob, ids)

    await alice.ask('user', user.members.remove, { params: { id: workspaceId, userId: bob.id } })
    const begun = performance.now()
    const change = async () => {
      const said = { content: 'Who stole the tarts?', mentions: [mallory.id] }
      await ask(comments.create, { params: { id: task.id }, body: { content: 'Silence' } })
      await ask(comments.create, { params: { id: task.id }, body: said })
      await ask(tasks.update, { params: { id: task.id }, body: { status: 'done' } })
    }
    const [closed, gone] = await Promise.all([
      since(begun, () => socket.code !== undefined),
      since(begun, () => hidden(reads, bob, ids)),
      change(),
    ])
    expect(closed).toBeLessThan(second)
    expect(gone).toBeLessThan(second)
    expect([closeCodes.forbidden, closeCodes.unknown]).toContain(socket.code)

    await expect
      .poll(() => told(mallorys, workspaceId).slice(mallorysBefore.length), deadline)
      .toEqual(expect.arrayContaining(['comment_added', 'mention', 'task_completed']))
    // Elsewhere they go on, with the same bearer and on the same stream.
    await readable(ofProject, bob, other.ids)
    await ask(tasks.assign, { params: { id: other.task.id }, body: { assigneeId: bob.id } })
    await expect.poll(() => told(bobs, other.workspaceId), deadline).toContain('task_assigned')
    expect(told(bobs, workspaceId)).toEqual(before)
    expect(bobs.over).toBe(false)

    await socket.open()
    await expect.poll(() => socket.code, deadline).toBe(closeCodes.unknown)
    expect(await codeOf(onBoard(bob)(events.list, { params: { id }, query: {} }))).toBe('NOT_FOUND')
  },
  30_000,
)
