import { contracts } from '@wealist/contract/contracts'
import { routesOf } from '@wealist/contract/route'
import { barePaths, serviceNames, topology, under } from '@wealist/contract/topology'
import { openApi } from '@wealist/kit/openapi'
import { service } from '@wealist/kit/service'
import * as z from 'zod'
import { expect, test } from 'vitest'
import { services } from '../services.ts'

const routes = serviceNames.flatMap((name) => routesOf(name, contracts[name]))

test.each(serviceNames)('rule 3: %s mounts every route of its contract exactly once and no other', (name) => {
  const mounted = services[name].features.flat().map(({ route }) => `${route.method} ${route.path}`)
  const promised = routesOf(name, contracts[name]).map(({ route }) => `${route.method} ${route.path}`)
  expect(mounted.toSorted()).toEqual(promised.toSorted())
})

test('rule 3 fails at start when a route is missing, mounted twice or not in the contract', () => {
  const [route] = routes.map((r) => r.route)
  const spec = { name: 'board' as const, config: z.object({}), open: () => ({}) }
  const handler = () => undefined
  expect(() => service({ ...spec, contract: { a: { route } }, features: [] })).toThrow('not mounted')
  expect(() =>
    service({
      ...spec,
      contract: { a: { route } },
      features: [
        [
          { route: route!, handler },
          { route: route!, handler },
        ],
      ],
    }),
  ).toThrow('mounted twice')
  expect(() => service({ ...spec, contract: {}, features: [[{ route: route!, handler }]] })).toThrow(
    'not in the contract',
  )
})

test.each(serviceNames)('the OpenAPI document of %s points at nothing that it does not have', (name) => {
  const document = openApi(name, contracts[name], 'test')
  const found = (pointer: string) =>
    pointer
      .slice(2)
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key.replaceAll('~1', '/')], document)
  const pointers = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, pointer]) => pointer!)
  expect(pointers.length).toBeGreaterThan(5)
  expect(pointers.filter((pointer) => !pointer.startsWith('#/') || found(pointer) === undefined)).toEqual([])
  expect(JSON.stringify(document)).not.toContain('$defs')
})

test('If-Match is documented where a change of what has a version takes it, and nowhere else', () => {
  const documented = serviceNames.flatMap((name) =>
    Object.entries(openApi(name, contracts[name], 'test').paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) =>
        JSON.stringify(operation).includes('"If-Match"') ? [`${method.toUpperCase()} ${path}`] : [],
      ),
    ),
  )
  const changing = routes.filter(({ route }) => route.versioned && route.method !== 'GET' && route.status !== 201)
  expect(documented.toSorted()).toEqual(changing.map(({ route }) => `${route.method} ${route.path}`).toSorted())
  expect(documented).toContain('POST /api/workspaces/{id}/transfer')
  expect(documented).not.toContain('POST /api/workspaces')
})

test('every route lies under a public path of its service in the topology, or is internal', () => {
  const outside = routes.filter(({ service, route }) =>
    route.access === 'internal'
      ? !route.path.startsWith('/internal/')
      : !topology[service].public.some((p) => under(p, route.path)),
  )
  expect(outside.map(({ route }) => route.path)).toEqual([])
})

test('what is public is on the reviewed list', () => {
  expect(
    routes
      .filter(({ route }) => route.access === 'public')
      .map(({ route }) => `${route.method} ${route.path}`)
      .toSorted(),
  ).toEqual([
    'GET /.well-known/jwks.json',
    'GET /.well-known/openid-configuration',
    // The invitation's token is the right.
    'GET /api/invitations/{token}',
    'GET /api/oauth2/callback/google',
    // So is a link's.
    'GET /api/storage/shares/{token}',
    'GET /oauth2/authorization/google',
    'POST /api/auth/exchange',
    'POST /api/auth/login',
    'POST /api/auth/refresh',
    // LiveKit signs what it says.
    'POST /api/chats/livekit/webhook',
    'POST /api/storage/shares/{token}/unlock',
    'POST /api/users',
  ])
  expect(barePaths).toEqual(['/oauth2/*', '/api/oauth2/*', '/.well-known/*'])
})

test('every object a client sends refuses unknown fields', () => {
  const loose = routes.flatMap(({ service, name, route }) =>
    (['params', 'query', 'body'] as const)
      .filter((part) => route[part] !== undefined && !isStrict(route[part]!))
      .map((part) => `${service} ${name} ${part}`),
  )
  expect(loose).toEqual([])
})

interface Json {
  type?: string
  properties?: Record<string, unknown>
  additionalProperties?: unknown
}
const jsonOf = (schema: z.ZodType | undefined) =>
  (schema ? z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) : {}) as Json

const isStrict = (schema: z.ZodType): boolean => {
  const json = jsonOf(schema)
  return json.type !== 'object' || json.additionalProperties === false
}

test('every creating POST takes an Idempotency-Key, but for auth and what answers a secret', () => {
  const without = routes.filter(
    ({ route }) => route.method === 'POST' && route.status === 201 && !route.idempotent && route.access !== 'internal',
  )
  // A password, a presigned form, a call's token and a link are secrets, which no table keeps, hashed or not. A message
  // has a key of its own, its clientId; a file sent as a form is read as it comes, and sent again is its next version.
  expect(without.map(({ service, name }) => `${service} ${name}`)).toEqual([
    'user users.create',
    'user profiles.startAvatar',
    'user invitations.create',
    'board attachments.create',
    'chat messages.send',
    'chat calls.join',
    'chat attachments.begin',
    'storage uploads.create',
    'storage files.upload',
    'storage shares.shareFile',
    'storage shares.shareFolder',
  ])
})

test.each(serviceNames)('the OpenAPI document of %s names every public route, and no internal one', (name) => {
  const document = openApi(name, contracts[name], 'test')
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((m) => `${m.toUpperCase()} ${path}`),
  )
  const expected = routesOf(name, contracts[name]).filter(({ route }) => route.access !== 'internal')
  expect(documented.toSorted()).toEqual(expected.map(({ route }) => `${route.method} ${route.path}`).toSorted())
})

test('no list is without an end: it comes a page at a time, but where there is a bound on what it may ever hold', () => {
  const whole = routes.flatMap(({ service, name, route }) => {
    const answer = jsonOf(route.response)
    const query = jsonOf(route.query).properties ?? {}
    const pages = 'nextCursor' in (answer.properties ?? {}) && 'cursor' in query && 'limit' in query
    return route.method === 'GET' && 'items' in (answer.properties ?? {}) && !pages ? [`${service} ${name}`] : []
  })
  const bounded = [
    // Those that are asked for by name: 200, and who is there: 1,000.
    'user users.list',
    'chat live.present',
    // Logs, which are read by seq, a page at a time.
    'user internal.directory',
    'board events.list',
    // What a project, a task or a file takes at most: 50 fields, 100 of each of the others.
    'board boards.list',
    'board attachments.list',
    'board checklist.list',
    'board labels.list',
    'board customFields.list',
    'storage files.versions',
    // As many as there are services, and settings.
    'ops status.services',
    'ops deployments.list',
    'ops settings.list',
  ]
  expect(whole.toSorted()).toEqual(bounded.toSorted())
})

test('no password, key or token stands in an address, but those of invitations and links, and tickets, which are good once', () => {
  const secrets = routes.flatMap(({ service, name, route }) =>
    [...Object.keys(route.params?.shape ?? {}), ...Object.keys(route.query?.shape ?? {})]
      .filter((key) => /token|password|secret|ticket|code|(?<!^)key/i.test(key))
      .map((key) => `${service} ${name} ${key}`),
  )
  expect(secrets).toEqual([
    // The hash of a verifier that is told to nobody.
    'auth google.authorize codeChallenge',
    'user invitations.show token',
    'user invitations.accept token',
    'user invitations.decline token',
    'noti stream.open ticket',
    'storage shares.look token',
    'storage shares.unlock token',
  ])
})

test('no route that keeps its answers by a key takes a password', () => {
  const kept = routes.filter(({ route }) => route.idempotent && /password/i.test(JSON.stringify(jsonOf(route.body))))
  expect(kept.map(({ service, name }) => `${service} ${name}`)).toEqual([])
})
