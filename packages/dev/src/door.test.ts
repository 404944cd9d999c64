import { request } from 'node:http'
import { Writable } from 'node:stream'
import { board } from '@wealist/board/service'
import { events, projects } from '@wealist/contract/board'
import { ErrorBody } from '@wealist/contract/problem'
import { newId } from '@wealist/kit/ids'
import { openLog } from '@wealist/kit/log'
import { clientAddress } from '@wealist/kit/request-info'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { oneService, type OneService } from './testing/one-service.ts'
import { startWorkspaces } from './testing/workspaces.ts'

const alice = { id: newId() }
const workspaceId = newId()
const origin = 'https://app.example.com'
const lines: string[] = []
const log = openLog({
  service: 'board',
  level: 'info',
  stream: new Writable({ write: (chunk, _, done) => (lines.push(String(chunk)), done()) }) as never,
})
let workspaces: Awaited<ReturnType<typeof startWorkspaces>>
let service: OneService<object>
const startBoard = (env: Record<string, string> = {}) =>
  oneService(board, { USER_URL: workspaces.url, METRICS_PORT: '0', CORS_ORIGINS: origin, ...env }, { log })
beforeAll(async () => {
  workspaces = await startWorkspaces()
  await workspaces.set(workspaceId, alice.id, 'owner')
  service = await startBoard({ RATE_LIMIT: '600' })
})
afterAll(async () => {
  await service.stop()
  await workspaces.stop()
})
const list = (headers: Record<string, string> = {}) =>
  fetch(`${service.url}/api/projects?workspaceId=${workspaceId}`, {
    headers: { ...service.headersOf(alice), ...headers },
  })

test('every answer forbids a browser to guess, frame or keep it, and names its request', async () => {
  for (const answer of [await list({ 'x-request-id': 'mine-1' }), await fetch(`${service.url}/nowhere`)]) {
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('strict-transport-security')).toMatch(/max-age=\d+/)
  }
  expect((await list({ 'x-request-id': 'mine-1' })).headers.get('x-request-id')).toBe('mine-1')
  expect((await list({ 'x-request-id': 'not harmless\tat all' })).headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/)
})

test('a browser of a listed origin may read answers and ask before it writes; any other may not', async () => {
  expect((await list({ origin })).headers.get('access-control-allow-origin')).toBe(origin)
  expect((await list({ origin: 'https://evil.example.com' })).headers.get('access-control-allow-origin')).toBe(null)
  const ask = (from: string) =>
    fetch(`${service.url}/api/projects`, {
      method: 'OPTIONS',
      headers: { origin: from, 'access-control-request-method': 'POST' },
    })
  const allowed = await ask(origin)
  expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, origin])
  expect(allowed.headers.get('access-control-allow-headers')).toContain('Idempotency-Key')
  expect((await ask('https://app.example.com.evil.com')).headers.get('access-control-allow-origin')).toBe(null)
  for (const answer of [allowed, await list({ origin })])
    expect(answer.headers.get('access-control-allow-credentials')).toBe(null)
})

test('limits are told on every answer', async () => {
  const answer = await list()
  expect(answer.headers.get('ratelimit-policy')).toBe('"default";q=600;w=60')
  expect(answer.headers.get('ratelimit')).toMatch(/^"default";r=\d+;t=\d+$/)
})

test('metrics: requests by route, statements, pool, event loop and listeners, on a port of their own', async () => {
  await list()
  const text = await (await fetch(`http://127.0.0.1:${service.running.metricsPort}/metrics`)).text()
  expect(text).toMatch(
    /http_request_duration_seconds_count\{[^}]*method="GET",route="\/api\/projects",status="200"\} [1-9]/,
  )
  for (const name of [
    'db_statement_duration_seconds_bucket',
    'db_pool_connections{state="open"',
    'nodejs_eventloop_lag_seconds',
    'live_listeners',
  ])
    expect(text).toContain(name)
  expect((await fetch(`${service.url}/metrics`)).status).toBe(404)
})

test('logs: a line a request with its route and id, and none with a ticket, token, key, cursor or id of a path', async () => {
  lines.length = 0
  const secrets = {
    authorization: 'Bearer secret-token',
    cookie: 'a=secret-cookie',
    'x-internal-api-key': 'secret-key',
    'idempotency-key': 'secret-idem',
  }
  await list({ 'x-request-id': 'seen-1', ...secrets })
  await fetch(`${service.url}/api/tasks/${newId()}?ticket=secret-ticket`, { headers: service.headersOf(alice) })
  log.info(
    {
      password: 'secret-1',
      body: { accessToken: 'secret-2', refreshToken: 'secret-3' },
      headers: { authorization: 'secret-4' },
    },
    'by mistake',
  )
  expect(lines.map((l) => JSON.parse(l) as Record<string, unknown>)).toContainEqual(
    expect.objectContaining({
      requestId: 'seen-1',
      method: 'GET',
      route: '/api/projects',
      status: 200,
      actor: alice.id,
      service: 'board',
    }),
  )
  expect(lines.join('')).not.toContain('secret')
})

test('the documents are served: OpenAPI 3.1 and a page without scripts', async () => {
  const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as { openapi: string; paths: object }
  expect(document.openapi).toBe('3.1.0')
  expect(Object.keys(document.paths)).toContain(projects.get.path)
  const page = await fetch(`${service.url}/docs`)
  expect(page.headers.get('content-type')).toContain('text/html')
  const html = await page.text()
  expect(html).toContain(events.live.path)
  expect(html).not.toMatch(/<script|https?:\/\//)
})

test('shutdown: readiness goes, a request in flight is answered, a socket is told to come back, refused upgrades hold nothing up', async () => {
  const leaving = await startBoard({ DRAIN_SECONDS: '0.3' })
  const params = { id: (await leaving.as(alice)(projects.create, { body: { workspaceId, name: 'Last' } })).id }
  const socket = new WebSocket(`${leaving.url.replace('http', 'ws')}/ws/project/${params.id}`, {
    headers: leaving.headersOf(alice),
  } as never)
  const frames: { type: string; payload: { code?: number } }[] = []
  socket.addEventListener('message', ({ data }) => void frames.push(JSON.parse(String(data)) as (typeof frames)[0]))
  const closed = new Promise<number>((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)))
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  socket.send('{"type":"resume"}')
  await expect.poll(() => frames.some((f) => f.type === 'ready')).toBe(true)

  // One who asked for a socket that is none, and keeps the line open.
  const half = request(`${leaving.url}/ws/nowhere`, {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    },
  })
  half.on('error', () => undefined).end()
  await new Promise((resolve) => half.once('response', resolve))

  const slow = request(`${leaving.url}/api/projects`, {
    method: 'POST',
    headers: { ...leaving.headersOf(alice), 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
  })
  const answered = new Promise<number | undefined>((resolve, reject) =>
    slow.once('response', (r) => resolve(r.resume().statusCode)).once('error', reject),
  )
  slow.write('{"name":"In flight",')
  await new Promise((resolve) => setTimeout(resolve, 50))
  const stopped = leaving.stop()
  const probe = await fetch(`${leaving.url}/health/ready`).catch(() => undefined)
  expect([503, undefined]).toContain(probe?.status)
  slow.end(`"workspaceId":"${workspaceId}"}`)
  expect(await answered).toBe(201)
  expect(await closed).toBe(1012)
  expect(frames.at(-1)).toMatchObject({ type: 'bye', payload: { code: 1012 } })
  await stopped
  await expect(fetch(`${leaving.url}/health/live`)).rejects.toThrow('fetch failed')
}, 20_000)

test('the client’s address is the one our own proxies wrote', () => {
  expect(clientAddress(1, '6.6.6.6, 10.0.0.1', () => 'socket')).toBe('10.0.0.1')
  expect(clientAddress(2, '6.6.6.6, 1.2.3.4, 10.0.0.1', () => 'socket')).toBe('1.2.3.4')
  expect(clientAddress(0, '6.6.6.6', () => 'socket')).toBe('socket')
  expect(clientAddress(2, '6.6.6.6', () => 'socket')).toBe('socket')
})

test('what goes wrong on our side never says why', async () => {
  const broken = await startBoard()
  await broken.running.base.db.pool.query('alter table projects rename to gone')
  const answer = await fetch(`${broken.url}/api/projects?workspaceId=${workspaceId}`, {
    headers: broken.headersOf(alice),
  })
  const { error } = ErrorBody.parse(await answer.json())
  expect([answer.status, error.code]).toEqual([500, 'INTERNAL_ERROR'])
  expect(JSON.stringify(error)).not.toMatch(/projects|relation|select/)
  await broken.stop()
})
