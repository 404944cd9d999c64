import { call } from '@wealist/contract/call'
import { sessions } from '@wealist/contract/auth'
import { people } from '@wealist/contract/ops'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { everyRoute, requestOf } from '../src/testing/examples.ts'
import { type TestPerson, testWorld, type World } from '../src/testing/world.ts'
import { askEverything, titleOf } from './authorisation.ts'
import { platform, table } from './authorisation.table.ts'
import { columns } from './tenant.ts'

const named = (routes: string) => routes.split(',').map((name) => name.trim())
const rows = table.flatMap(([why, answers, routes]) => named(routes).map((title) => ({ title, why, answers })))
const judged = (status: number) => (status >= 200 && status < 400 ? 'ok' : String(status))

let world: World
// The one whose address is an operator's: see ADMIN_EMAILS.
let operator: TestPerson
let answered: Awaited<ReturnType<typeof askEverything>>
beforeAll(async () => {
  world = await testWorld()
  operator = world.people.alice
  answered = await askEverything(world, operator)
}, 180_000)
afterAll(() => world.stop())

test('every route of the contract has one line in the table, and no line is of a route that is gone', () => {
  const titles = rows.map(({ title }) => title)
  expect(titles.toSorted()).toEqual(everyRoute.map(titleOf).toSorted())
  for (const [, answers] of table) expect(answers.split(' ')).toHaveLength(columns.length)
})

test.each(rows.map((row) => [row.title, row] as const))('%s answers each person as the table says', (_, row) => {
  const statuses = answered.get(row.title)!
  const asked = Object.fromEntries(columns.map((column) => [column, judged(statuses[column])]))
  const wanted = Object.fromEntries(row.answers.split(' ').map((answer, i) => [columns[i], answer]))
  expect(asked, row.why).toEqual(wanted)
})

const statusOf = async (name: string, token: string, member = world.ids['member']!) => {
  const route = everyRoute.find((one) => one.service === 'ops' && one.name === name)!
  const { path, init } = requestOf(route, { ...world.ids, member }, { token })
  const response = await fetch(world.url('ops') + path, init)
  await response.body?.cancel()
  return response.status
}

const roles = ['user', 'viewer', 'operator', 'admin'] as const
test('what operators may rests on their role, as the table says', async () => {
  const rights = new Map(platform.flatMap(([answers, routes]) => named(routes).map((name) => [name, answers])))
  const ofOps = everyRoute.filter(({ service }) => service === 'ops')
  expect([...rights.keys()].toSorted()).toEqual(ofOps.map(({ name }) => name).toSorted())
  const asked = new Map(ofOps.map(({ name }) => [name, [] as string[]]))
  for (const role of roles) {
    const { id, email, password, token: before } = await world.person(`platform-${role}`)
    if (role !== 'user') {
      await operator.ask('ops', people.setRole, { params: { id }, body: { role, reason: 'To be tried' } })
      await expect.poll(() => statusOf('status.get', before)).toBe(401)
    }
    const { accessToken: token } = await call(
      sessions.login,
      { body: { email, password } },
      { base: world.url('auth') },
    )
    const target = await world.person(`target-of-${role}`)
    for (const route of ofOps) {
      asked.get(route.name)!.push(judged(await statusOf(route.name, token, target.id)))
    }
  }
  for (const [name, answers] of rights) expect([name, asked.get(name)!.join(' ')]).toEqual([name, answers])
}, 60_000)
