import * as auth from '@wealist/contract/auth'
import * as board from '@wealist/contract/board'
import { call } from '@wealist/contract/call'
import type { CallInput, RouteSpec } from '@wealist/contract/route'
import type { ServiceName } from '@wealist/contract/topology'
import * as user from '@wealist/contract/user'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gateway, startGateway } from './gateway.ts'
import { seed } from './seed.ts'
import { testWorld, type World } from './testing/world.ts'

let world: World
let gateway: Gateway
let origin: string
beforeAll(async () => {
  world = await testWorld()
  const targets = Object.fromEntries(Object.entries(world.local.ports).map(([name, port]) => [name, { port }])) as never
  gateway = await startGateway({ port: world.local.gateway, targets })
  origin = `http://localhost:${gateway.port}`
})
afterAll(async () => {
  await gateway?.stop()
  await world?.stop()
})

const pair = (name: string) => ({
  alice: { email: `alice@${name}.example`, name: 'Alice', password: 'alice-in-wealist' },
  bob: { email: `bob@${name}.example`, name: 'Bob', password: 'bob-in-wealist' },
})
const signedIn = async (body: { email: string; password: string }) => {
  const { accessToken: token } = await call(
    auth.sessions.login,
    { body: { email: body.email, password: body.password } },
    { base: `${origin}/api/svc/auth` },
  )
  return <R extends RouteSpec>(service: ServiceName, route: R, input: CallInput<R>) =>
    call(route, input, { base: `${origin}/api/svc/${service}`, token })
}
type Ask = Awaited<ReturnType<typeof signedIn>>

const whatIsThere = async (ask: Ask) => {
  const [workspace, ...others] = (await ask('user', user.workspaces.list, {})).items
  const members = (await ask('user', user.members.list, { params: { id: workspace!.id } })).items
  const projects = (await ask('board', board.projects.list, { query: { workspaceId: workspace!.id } })).items
  const { boards } = await ask('board', board.projects.get, { params: { id: projects[0]!.id } })
  const tasks = (await ask('board', board.tasks.list, { params: { id: boards[0]!.id } })).items
  return { workspace: workspace!, others, members, projects, tasks }
}
const names = ({ others, members, projects, tasks }: Awaited<ReturnType<typeof whatIsThere>>) => ({
  workspaces: 1 + others.length,
  members: members.map((m) => m.name).toSorted(),
  projects: projects.map((p) => p.name),
  tasks: tasks.map((t) => t.title),
})

test('two people, their workspace, a project with three tasks; a second time changes nothing', async () => {
  const people = pair('first')
  await seed(origin, people)
  const ask = await signedIn(people.alice)
  const once = await whatIsThere(ask)
  expect(names(once)).toEqual({
    workspaces: 1,
    members: ['Alice', 'Bob'],
    projects: ['First steps'],
    tasks: ['Say hello to bob', 'Move me to In progress', 'Read the reference at /docs'],
  })
  await seed(origin, people)
  expect(await whatIsThere(ask)).toEqual(once)
})

test('what people changed since stays: nothing comes back', async () => {
  const people = pair('changed')
  await seed(origin, people)
  const ask = await signedIn(people.alice)
  const { workspace, members, tasks } = await whatIsThere(ask)
  const bob = members.find((m) => m.name === 'Bob')!
  await ask('user', user.members.remove, { params: { id: workspace.id, userId: bob.userId } })
  await ask('board', board.tasks.remove, { params: { id: tasks[0]!.id } })
  const changed = await whatIsThere(ask)
  await seed(origin, people)
  expect(await whatIsThere(ask)).toEqual(changed)
  expect(names(changed)).toMatchObject({ members: ['Alice'] })
  await ask('user', user.users.setPassword, {
    body: { currentPassword: people.alice.password, newPassword: 'alice-chose-another' },
  })
  await seed(origin, people)
  const again = await signedIn({ ...people.alice, password: 'alice-chose-another' })
  expect(await whatIsThere(again)).toEqual(changed)
})

test('one that was interrupted is completed', async () => {
  const people = pair('interrupted')
  await call(user.users.create, { body: people.alice }, { base: `${origin}/api/svc/user` })
  const ask = await signedIn(people.alice)
  await ask('user', user.workspaces.create, { body: { name: 'Wonderland' } })
  await seed(origin, people)
  expect(names(await whatIsThere(ask))).toMatchObject({
    workspaces: 1,
    members: ['Alice', 'Bob'],
    projects: ['First steps'],
  })
  expect((await whatIsThere(ask)).tasks).toHaveLength(3)
})
