import { ErrorBody } from '@wealist/contract/problem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { everyRoute, requestOf } from './testing/examples.ts'
import { testWorld, type World } from './testing/world.ts'

let world: World
beforeAll(async () => void (world = await testWorld()))
afterAll(() => world.stop())

const ask = async (named: (typeof everyRoute)[number], as: { token?: string; key?: string }) => {
  const { path, init } = requestOf(named, world.ids, as)
  const response = await fetch(world.url(named.service) + path, init)
  const text = await response.text()
  return { status: response.status, text }
}
const closed = everyRoute.filter(({ route }) => route.access !== 'public')
const title = (n: (typeof everyRoute)[number]) => [`${n.service} ${n.route.method} ${n.route.path}`, n] as const

test.each(closed.map(title))('rule 4: anonymous → 401: %s', async (_, named) => {
  const { status, text } = await ask(named, {})
  expect([status, text]).toEqual([401, expect.any(String)])
  expect(ErrorBody.parse(JSON.parse(text)).error.code).toBe('UNAUTHORIZED')
})

// A form says in its fields what it is for: its own test of the service asks as a stranger.
const rightsInForm = ['files.upload']

test.each(
  closed
    .filter(({ route }) => route.access === 'scoped' || route.access === 'role')
    .filter(({ name }) => !rightsInForm.includes(name))
    .map(title),
)('rule 4: a stranger → 403 or 404: %s', async (_, named) => {
  const { status, text } = await ask(named, { token: world.people.mallory.token })
  expect([403, 404], text).toContain(status)
  for (const id of [world.ids['secretText']!]) expect(text).not.toContain(id)
})

test.each(closed.filter(({ route }) => route.access === 'internal').map(title))(
  'internal routes take no bearer token and no wrong key: %s',
  async (_, named) => {
    expect((await ask(named, { token: world.people.alice.token })).status).toBe(401)
    expect((await ask(named, { key: 'wrong' })).status).toBe(401)
  },
)
