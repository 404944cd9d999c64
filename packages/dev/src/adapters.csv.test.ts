import { afterAll, beforeAll, expect, test } from 'vitest'
import { throughLambda } from './testing/lambda-event.ts'
import { testWorld, type World } from './testing/world.ts'

let world: World
beforeAll(async () => void (world = await testWorld()))
afterAll(() => world.stop())

test('a streamed file is the same through Lambda, with the mark by which Excel knows UTF-8', async () => {
  const path = `/api/projects/${world.ids['project']}/tasks?format=csv`
  const init = { headers: { authorization: `Bearer ${world.people.alice.token}` } }
  const node = await fetch(world.url('board') + path, init)
  const lambda = await throughLambda(world.lambda('board'), 'board', { path, init })
  const body = Buffer.from(await node.arrayBuffer()).toString()
  expect(body).toMatch(/^\ufeffid,title,.*\r\n.*secret-text-of-alice/)
  expect(lambda).toMatchObject({ status: 200, body })
  for (const name of ['content-type', 'content-disposition']) expect(lambda.headers[name]).toBe(node.headers.get(name))
})
