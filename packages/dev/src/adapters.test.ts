import { afterAll, beforeAll, expect, test } from 'vitest'
import { everyRoute, requestOf } from './testing/examples.ts'
import { eventOf, throughLambda } from './testing/lambda-event.ts'
import { testWorld, type World } from './testing/world.ts'

let world: World
beforeAll(async () => void (world = await testWorld()))
afterAll(() => world.stop())

// What differs from one answer to the next by its nature; everything else must be the same.
// A redirect to Google carries a fresh state, a signed address the time it was made.
const varying = new Set([
  'location',
  'set-cookie',
  'date',
  'x-request-id',
  'ratelimit',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
])
const comparable = (headers: Iterable<readonly [string, string]>) =>
  Object.fromEntries([...headers].map(([k, v]) => [k.toLowerCase(), v] as const).filter(([k]) => !varying.has(k)))
const shape = (text: string): unknown =>
  text.startsWith('{')
    ? JSON.parse(text.replace(/"requestId":"[^"]*"/, '"requestId":""').replace(/X-Amz-(Date|Signature)=\w+/g, ''))
    : text

// What ops measures is another the next time it is asked; a function, frozen between requests, has measured nothing.
const measured = ['status.get', 'status.health', 'metrics.overview', 'metrics.services', 'metrics.service', 'slo.get']

const both = async (named: (typeof everyRoute)[number], request: ReturnType<typeof requestOf>) => {
  const node = await fetch(world.url(named.service) + request.path, request.init)
  const lambda = await throughLambda(world.lambda(named.service), named.service, request)
  return {
    node: { status: node.status, headers: comparable(node.headers), body: await node.text() },
    lambda: { status: lambda.status, headers: comparable(Object.entries(lambda.headers)), body: lambda.body },
  }
}

const title = (n: (typeof everyRoute)[number]) => [`${n.service} ${n.route.method} ${n.route.path}`, n] as const

test.each(everyRoute.filter(({ route }) => route.method === 'GET' && !route.raw && !route.stream).map(title))(
  'rule 5: Node and Lambda answer alike: %s',
  async (_, named) => {
    const as =
      named.route.access === 'internal'
        ? { key: world.internalKey(named.service) }
        : { token: world.people.alice.token }
    const { node, lambda } = await both(named, requestOf(named, world.ids, as))
    expect(lambda.status).toBe(node.status)
    expect(lambda.headers).toEqual(node.headers)
    if (node.status < 300 && !measured.includes(named.name)) expect(shape(lambda.body)).toEqual(shape(node.body))
  },
)

// Files do not go through a function, whose requests are small: it says where they go, 413.
const onNodeAlone = ['files.upload']

test.each(everyRoute.filter(({ name }) => !onNodeAlone.includes(name)).map(title))(
  'rule 5: Node and Lambda refuse alike: %s',
  async (_, named) => {
    for (const request of [
      // What anybody may do would be done twice.
      ...(named.route.access === 'public' ? [] : [requestOf(named, world.ids)]),
      {
        ...requestOf(named, world.ids, { token: world.people.mallory.token, key: world.internalKey(named.service) }),
        path: `${requestOf(named, world.ids).path}?unknown=1`,
      },
    ]) {
      const { node, lambda } = await both(named, request)
      expect(lambda.status).toBe(node.status)
      if (node.status >= 400) expect(shape(lambda.body)).toEqual(shape(node.body))
    }
  },
)

test('a path that climbs reaches no internal route through API Gateway, which matches it as it was written, key or not', async () => {
  const { init } = requestOf(
    everyRoute.find(({ name }) => name === 'users.me')!,
    world.ids,
    {
      key: world.internalKey('user'),
    },
  )
  const handler = world.lambda('user')
  const id = world.people.alice.id
  const asked = async (rawPath: string) => {
    const event = eventOf('user', '/api/users/me', init)
    const answer = await handler({ ...event, rawPath, requestContext: { ...event.requestContext } }, {} as never)
    return answer.statusCode
  }
  expect(await asked(`/internal/users/${id}`)).toBe(200)
  for (const up of ['/api/users/..', '/api/users/%2e%2e', '/api/users/.%2E', '/api/users\\..', '/api/users/x/../..'])
    for (const prefix of ['/api/svc/user', ''])
      expect([up, await asked(`${prefix}${up}/../internal/users/${id}`)]).toEqual([up, 404])
})
