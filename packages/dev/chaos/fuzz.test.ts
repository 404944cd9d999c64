import { sessions } from '@wealist/contract/auth'
import { call } from '@wealist/contract/call'
import { people } from '@wealist/contract/ops'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { fill, type Ids } from '../src/testing/examples.ts'
import { type TestPerson, testWorld, type World } from '../src/testing/world.ts'
import { requestsOf } from './fuzz.inputs.ts'
import { ask, type Target, targetsOf } from './fuzz.ts'

const whole = process.env['CHAOS'] === 'whole'
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))
// Each on a tenant of its own, since some requests end what others need.
const tenants = whole ? 45 : 3
const perTenant = 480
const atOnce = 6
// Ends the session, the account or all that there is: among the last.
const ends =
  /sessions\.remove|removeMe|setPassword|logout|removeOthers|workspaces\.(remove|transfer)|projects\.remove|members\.transfer/

let world: World
let targets: Target[]
let foreign: string[]
/** The token of somebody who may see what operators see. */
let operator: string
beforeAll(async () => {
  world = await testWorld()
  targets = await targetsOf(world)
  const { ids } = await tenant('other')
  // Workspaces that are public are everybody's to find.
  const { workspace: _own, publicWorkspace: _other, ...own } = ids
  foreign = Object.values(own).filter((id) => /^[\da-f]{8}-/.test(id))
  operator = await viewer()
}, 120_000)
afterAll(() => world.stop())

const tenant = async (name: string): Promise<{ alice: TestPerson; ids: Ids }> => {
  const [alice, bob, mallory] = await Promise.all(
    ['alice', 'bob', 'mallory'].map((who) => world.person(`${who}-${name}`)),
  )
  return { alice: alice!, ids: await world.furnish({ alice: alice!, bob: bob!, mallory: mallory! }) }
}

const viewer = async () => {
  const { id, email, password, token } = await world.person('viewer')
  const body = { role: 'viewer' as const, reason: 'To be tried' }
  await world.people.alice.ask('ops', people.setRole, { params: { id }, body })
  // The role comes with the next token: those before it end.
  await vi.waitFor(async () => expect(await statusOf(token)).toBe(401), { timeout: 10_000 })
  return (await call(sessions.login, { body: { email, password } }, { base: world.url('auth') })).accessToken
}
const statusOf = async (token: string) =>
  (await fetch(`${world.url('ops')}/api/status`, { headers: { authorization: `Bearer ${token}` } })).status

test(`${(tenants * perTenant).toLocaleString('en')} generated requests: no 500, nothing outside of the documents, nothing of another tenant`, async () => {
  const statuses = new Map<number, number>()
  const served = new Set<string>()
  const faults: string[] = []
  for (let n = 0; n < tenants; n++) {
    const { alice, ids } = await tenant(`fuzz-${n}`)
    // Operators see all tenants: that is what they are for.
    const asker = ({ service }: Target) =>
      service === 'ops' ? { token: operator, foreign: [] } : { token: alice.token, foreign }
    const known = { own: Object.values(ids), foreign: foreign.slice(0, 5) }
    const chosen = fc.sample(fc.constantFrom(...targets), { seed: seed + n, numRuns: perTenant })
    const inOrder = [
      ...chosen.filter((t) => !ends.test(t.operation.operationId)),
      ...chosen.filter((t) => ends.test(t.operation.operationId)),
    ]
    const todo = inOrder.map((target, i) => ({
      target,
      asked: fc.sample(requestsOf(target.operation, { ids: known, example: fill(target.route.example, ids) }), {
        seed: seed + n * perTenant + i,
        numRuns: 1,
      })[0]!,
    }))
    const lane = async () => {
      for (let next = todo.shift(); next; next = todo.shift()) {
        const { target, asked } = next
        const { status, faults: found, request } = await ask(world, target, asked, asker(target))
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        if (status < 400) served.add(`${target.service} ${target.operation.operationId}`)
        for (const fault of found)
          faults.push(`${target.service} ${target.operation.operationId}: ${fault}\n  ${request}`)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
  }
  const never = targets.map((t) => `${t.service} ${t.operation.operationId}`).filter((name) => !served.has(name))
  console.log(
    `seed ${seed}: ${[...statuses]
      .toSorted(([a], [b]) => a - b)
      .map(([status, times]) => `${status} ${times}`)
      .join(', ')}; ${served.size} of ${targets.length} operations succeeded; never: ${never.join(', ')}`,
  )
  expect(faults.slice(0, 20), `again by SEED=${seed}`).toEqual([])
  // Where everybody is refused nothing is found.
  expect(served.size, 'operations that succeeded').toBeGreaterThan(targets.length / 2)
  expect(await statusOf(operator), 'whether the operator was signed in to the end').toBe(200)
}, 1_200_000)
