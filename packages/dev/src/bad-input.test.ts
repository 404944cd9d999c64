import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ErrorBody } from '@wealist/contract/problem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asAdministrator } from './databases.ts'
import { everyRoute, requestOf } from './testing/examples.ts'
import type { Init } from './testing/lambda-event.ts'
import { testWorld, type World } from './testing/world.ts'

let world: World
beforeAll(async () => void (world = await testWorld()))
afterAll(() => world.stop())

type Named = (typeof everyRoute)[number]
const credentials = (named: Named) =>
  named.route.access === 'internal' ? { key: world.internalKey(named.service) } : { token: world.people.alice.token }
const requestFor = (named: Named) => requestOf(named, world.ids, credentials(named))

/** A 4xx with the contract's body, never a 500. */
const refused = async (named: Named, { path, init }: { path: string; init: Init }, statuses?: number[]) => {
  const response = await fetch(world.url(named.service) + path, init as RequestInit)
  const text = await response.text()
  expect(
    response.status,
    `${named.route.method} ${path} ${String(init.body).slice(0, 100)} → ${text}`,
  ).toBeGreaterThanOrEqual(400)
  expect(response.status, text).toBeLessThan(500)
  if (statuses) expect(statuses, text).toContain(response.status)
  const { error } = ErrorBody.parse(JSON.parse(text))
  expect(error.requestId).toBe(response.headers.get('x-request-id'))
  return error
}

// Not what moves by itself: crons, cursors and the outbox have their minute.
const rowsOf = async (service: 'user' | 'board') =>
  asAdministrator(world.local.databases[service]!, async (client) => {
    const { rows } = await client.query<{ t: string }>(
      "select quote_ident(table_schema) || '.' || quote_ident(table_name) as t from information_schema.tables where table_type = 'BASE TABLE' and (table_schema = 'public' and table_name not like 'migrations%' or table_schema = 'kit' and table_name in ('events', 'heads', 'idempotency')) order by 1",
    )
    return Promise.all(
      rows.map(async ({ t }) => [t, (await client.query<{ n: string }>(`select count(*) as n from ${t}`)).rows[0]!.n]),
    )
  })

const withBody = everyRoute.filter(({ route }) => route.body && !route.raw)
const title = (n: Named) => [`${n.service} ${n.route.method} ${n.route.path}`, n] as const
const sent = (named: Named, body: string | Uint8Array, type = 'application/json') => {
  const { path, init } = requestFor(named)
  return { path, init: { ...init, headers: { ...init.headers, 'content-type': type }, body } as Init }
}

test.each(withBody.map(title))('bad bodies get a 400 of the contract and store nothing: %s', async (_, named) => {
  const before = await Promise.all([rowsOf('user'), rowsOf('board')])
  const good = JSON.parse(String(requestFor(named).init.body)) as Record<string, unknown>
  const wrong: (string | Uint8Array)[] = [
    '',
    '{',
    'null',
    '[]',
    '"text"',
    '42',
    '{"unknown":1}',
    JSON.stringify({ ...good, unknown: true }),
    '['.repeat(50_000) + ']'.repeat(50_000),
    `{"a":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`,
    Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d),
    JSON.stringify({ ...good, __proto__: undefined })
      .replace(/\}$/, ',"__proto__":{"admin":true}}')
      .replace('{,', '{'),
  ]
  for (const key of Object.keys(good))
    for (const value of [{ nested: {} }, [[]], 1e308, `a\u0000b`, '\ud800', 'x'.repeat(100_000)]) {
      const body = JSON.stringify({ ...good, [key]: value })
      wrong.push(body)
    }
  for (const body of wrong)
    expect((await refused(named, sent(named, body))).code).toMatch(
      /VALIDATION_ERROR|UNAUTHORIZED|PAYLOAD_TOO_LARGE|RATE_LIMITED/,
    )
  expect(await Promise.all([rowsOf('user'), rowsOf('board')])).toEqual(before)
})

test.each(withBody.map(title))('another content type is 415, more than it takes is 413: %s', async (_, named) => {
  const body = String(requestFor(named).init.body)
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    'multipart/form-data; boundary=x',
  ])
    await refused(named, sent(named, body, type), [415])
  const huge = JSON.stringify({ pad: 'x'.repeat((named.route.maxBody ?? 256 * 1024) + 1) })
  await refused(named, sent(named, huge), [413])
})

test('a body without a length is cut off at the limit', async () => {
  const status = await new Promise((resolve, reject) => {
    const call = request(
      `${world.url('user')}/api/users`,
      { method: 'POST', headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' } },
      (response) => {
        response.resume()
        resolve(response.statusCode)
      },
    )
    call.on('error', reject)
    for (let i = 0; i < 64; i++) call.write('x'.repeat(16 * 1024))
    call.end()
  })
  expect(status).toBe(413)
})

test.each(
  everyRoute.filter(({ route }) => route.params && route.access !== 'public' && route.access !== 'internal').map(title),
)('ids that are none are 404: %s', async (_, named) => {
  for (const id of [
    '1',
    'null',
    '%00',
    '../../etc',
    "' or 1=1--",
    'x'.repeat(3000),
    '0192f0c1-7a5e-7c3b-9d2e-3f4a5b6c7d8e',
  ]) {
    const { path, init } = requestFor(named)
    const bad =
      named.route.path.replace(/\{\w+\}/g, encodeURIComponent(id)) +
      path.slice(path.includes('?') ? path.indexOf('?') : path.length)
    await refused(named, { path: bad, init }, [400, 403, 404, 409])
  }
})

test.each(everyRoute.filter(({ route }) => route.query && !route.raw && route.access !== 'public').map(title))(
  'bad queries and cursors are 400: %s',
  async (_, named) => {
    const { path, init } = requestFor(named)
    const and = path.includes('?') ? '&' : '?'
    await refused(named, { path: `${path}${and}unknown=1`, init }, [400])
    if (!('cursor' in named.route.query!.shape)) return
    const forged = (...keys: unknown[]) => Buffer.from(JSON.stringify(keys)).toString('base64url')
    for (const extra of [
      'limit=0',
      'limit=101',
      'limit=x',
      'limit=1&limit=2',
      'cursor=',
      'cursor=%00',
      'cursor=abc',
      `cursor=${forged('x', 'y')}`,
      `cursor=${'a'.repeat(5000)}`,
    ])
      await refused(named, { path: `${path}${and}${extra}`, init }, [400])
  },
)

test('a cursor of one list is refused by another, and one with made-up keys by its own', async () => {
  const list = everyRoute.find((n) => n.service === 'user' && n.name === 'members.list')!
  const { path, init } = requestFor(list)
  const ask = async (query: string) =>
    (await fetch(`${world.url('user')}${path}?${query}`, init as RequestInit)).json() as Promise<{ nextCursor: string }>
  const { nextCursor } = await ask('limit=1')
  expect(typeof nextCursor).toBe('string')
  const other = everyRoute.find((n) => n.service === 'user' && n.name === 'workspaces.list')!
  await refused(other, { path: `/api/workspaces?cursor=${nextCursor}`, init }, [400])
  const [hash, ...keys] = JSON.parse(Buffer.from(nextCursor, 'base64url').toString()) as string[]
  for (const made of [keys.map(() => 'nonsense'), keys.map(() => ''), [], [...keys, 'more'].map(() => "'")]) {
    const cursor = Buffer.from(JSON.stringify([hash, ...made])).toString('base64url')
    await refused(list, { path: `${path}?cursor=${cursor}`, init }, [400])
  }
})

test.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-15:00'])(
  'a time that nobody could be told again is refused: %s',
  async (when) => {
    for (const [name, parameter] of [
      ['tasks.list', 'dueBefore'],
      ['audit.list', 'since'],
    ] as const) {
      const list = everyRoute.find((n) => ['board', 'ops'].includes(n.service) && n.name === name)!
      const { path, init } = requestFor(list)
      await refused(list, { path: `${path.split('?')[0]}?${parameter}=${encodeURIComponent(when)}`, init }, [400])
    }
    for (const [name, body] of [
      ['tasks.create', { title: 'x', dueDate: when }],
      ['tasks.update', { dueDate: when }],
      ['projects.update', { startDate: '0000-01-01' }],
    ] as const) {
      const change = everyRoute.find((n) => n.service === 'board' && n.name === name)!
      const { path, init } = requestFor(change)
      await refused(change, { path, init: { ...init, body: JSON.stringify(body) } }, [400])
    }
  },
)

test('a client that goes away in the middle of its body is no failure of ours', async () => {
  const create = everyRoute.find((n) => n.service === 'board' && n.name === 'projects.create')!
  const { path, init } = requestFor(create)
  const { hostname, port } = new URL(world.url('board'))
  const failures = async () =>
    (await (await fetch(`http://127.0.0.1:${world.local.metrics!.board}/metrics`)).text()).match(
      /_count\{[^}]*status="500".*/g,
    )
  for (const length of ['content-length: 100', 'transfer-encoding: chunked']) {
    const socket = connect(Number(port), hostname)
    const headers = Object.entries({ ...init.headers, host: hostname }).map(([k, v]) => `${k}: ${v}\r\n`)
    const body = length.startsWith('t') ? '7\r\n{"name"\r\n' : '{"name"'
    socket.write(`POST ${path} HTTP/1.1\r\n${headers.join('')}${length}\r\n\r\n${body}`)
    await sleep(300)
    socket.destroy()
  }
  await sleep(300)
  expect(await failures()).toBe(null)
})

test('ids of another workspace in a body or path are refused, and nothing of it leaks', async () => {
  const { mallory } = world.people
  const as = { authorization: `Bearer ${mallory.token}`, 'content-type': 'application/json' }
  const put = (service: 'board' | 'user', method: string, path: string, body: unknown) =>
    fetch(world.url(service) + path, { method, headers: as, body: JSON.stringify(body) })
  const answers = await Promise.all([
    put('board', 'POST', '/api/projects', { workspaceId: world.ids['workspace'], name: 'mine now' }),
    put('board', 'PUT', `/api/tasks/${world.ids['task']}/move`, {
      targetBoardId: world.ids['otherBoard'],
      position: 0,
    }),
    put('user', 'POST', `/api/workspaces/${world.ids['workspace']}/members`, { email: mallory.email, role: 'admin' }),
  ])
  for (const answer of answers) {
    expect([403, 404]).toContain(answer.status)
    expect(await answer.text()).not.toContain(world.ids['secretText'])
  }
})
