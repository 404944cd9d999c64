import { tasks } from '@wealist/contract/board'
import { rooms } from '@wealist/contract/chat'
import { workspaces } from '@wealist/contract/user'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { everyRoute, type Ids, requestOf } from './testing/examples.ts'
import { testWorld, type World } from './testing/world.ts'

type Named = (typeof everyRoute)[number]
// Who watches a task is a person, who is in none.
const nested = everyRoute.filter(
  ({ route }) =>
    route.access === 'scoped' && /\{id\}.*\{\w+Id\}/.test(route.path) && !route.path.includes('/watchers/'),
)
const title = (n: Named) => [`${n.service} ${n.route.method} ${n.route.path}`, n] as const

let world: World
/** Another of each parent, in which alice may do the same. */
let elsewhere: Ids
beforeAll(async () => {
  world = await testWorld()
  const { alice } = world.people
  const { workspace, openProject, project, otherBoard } = world.ids
  const body = { workspaceId: workspace!, type: 'group' as const, name: 'Elsewhere', participantIds: [] }
  elsewhere = {
    project: openProject!,
    openProject: project!,
    task: (await alice.ask('board', tasks.create, { params: { id: otherBoard! }, body: { title: 'Elsewhere' } })).id,
    workspace: (await alice.ask('user', workspaces.create, { body: { name: 'Elsewhere' } })).id,
    room: (await alice.ask('chat', rooms.create, { body })).id,
  }
})
afterAll(() => world.stop())

const ask = async (named: Named, ids: Ids) => {
  const { path, init } = requestOf(named, ids, { token: world.people.alice.token })
  const response = await fetch(world.url(named.service) + path, init)
  await response.arrayBuffer()
  return response.status
}

test('there are such routes, each with a parent that there is another of', () => {
  expect(nested.length).toBeGreaterThan(15)
  for (const { route } of nested) expect(Object.keys(elsewhere)).toContain(route.example.params!['id']!.slice(1))
})

test.each(nested.map(title))('an id under a parent that is not its own is 404: %s', async (_, named) => {
  expect(await ask(named, { ...world.ids, ...elsewhere })).toBe(404)
})

test('nothing was done by that: under their own parents all of them are found', async () => {
  // Those of the workspace last, whose end is an end elsewhere. What bob asked for is his to take back.
  const removing = nested.filter(({ route, name }) => route.method === 'DELETE' && name !== 'joinRequests.withdraw')
  for (const named of removing.toReversed())
    expect([named.name, await ask(named, world.ids)]).not.toEqual([named.name, 404])
})
