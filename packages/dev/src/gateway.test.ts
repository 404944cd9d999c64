import { createServer, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { routeOf } from './gateway-routes.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { freePort } from './ports.ts'

test('public paths of a service are routed with the prefix stripped, and auth answers its bare paths', () => {
  expect(routeOf('/api/svc/board/api/tasks/1?x=%20')).toEqual({ service: 'board', path: '/api/tasks/1?x=%20' })
  expect(routeOf('/api/svc/board/ws/project/1?ticket=t')).toEqual({ service: 'board', path: '/ws/project/1?ticket=t' })
  expect(routeOf('/.well-known/jwks.json')).toEqual({ service: 'auth', path: '/.well-known/jwks.json' })
  expect(routeOf('/api/oauth2/callback/google?code=1')).toEqual({
    service: 'auth',
    path: '/api/oauth2/callback/google?code=1',
  })
})

test.each([
  '/internal/users/lookup',
  '/api/svc/user/internal/users/lookup',
  '/api/svc/user/metrics',
  '/api/svc/user/health/live',
  '/api/svc/user/openapi.json',
  '/api/svc/user/api/../internal/users/lookup',
  '/api/svc/user/api/%2e%2e/internal/users/lookup',
  '/api/svc/user/api/users/..%2f..%2finternal',
  '/api/svc/user/api/users/..\\internal',
  '/api/svc/user//internal/users/lookup',
  '/api/svc/user/api/usersx',
  '/api/svc/nobody/api/users',
  '/api/users/me',
  '/api/svc/board/api/users/me',
  'http://elsewhere/api/svc/user/api/users',
])('nothing else exists outside: %s', (path) => expect(routeOf(path)).toBeUndefined())

// One server in the place of all services: says what reached it, streams, echoes.
const service = createServer(async (asked, response) => {
  if (asked.url?.startsWith('/api/notifications/stream')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    streams.push(() => response.write('data: one\n\n'))
    return void asked.once('close', () => (left += 1))
  }
  if (asked.url === '/api/storage/echo') return void asked.pipe(response.writeHead(200))
  let size = 0
  for await (const chunk of asked) size += (chunk as Buffer).length
  response.setHeader('set-cookie', ['a=1', 'b=2'])
  response.end(JSON.stringify({ method: asked.method, url: asked.url, headers: asked.headers, size }))
})
const sockets = new WebSocketServer({ noServer: true })
service.on('upgrade', (asked, socket, head) => {
  if (asked.headers.origin === 'https://evil.example')
    return void socket.end(
      'HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{"no":1}',
    )
  sockets.handleUpgrade(asked, socket, head, (ws) => {
    ws.send(String(asked.url))
    ws.on('message', (data, binary) => ws.send(data, { binary }))
    ws.on('close', () => (left += 1))
  })
})
const streams: (() => void)[] = []
let left = 0
let gateway: Gateway
let origin: string
let gone: number
beforeAll(async () => {
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  const { port } = service.address() as { port: number }
  gone = await freePort()
  const targets = Object.fromEntries(serviceNames.map((name) => [name, { port: name === 'ops' ? gone : port }]))
  gateway = await startGateway({
    port: 0,
    targets: targets as Record<ServiceName, { port: number }>,
    landing: (_, response) => void response.end('welcome'),
  })
  origin = `http://127.0.0.1:${gateway.port}`
})
afterAll(async () => {
  await gateway.stop()
  service.close()
  service.closeAllConnections()
})
const api = (name: ServiceName, path: string) => `${origin}/api/svc/${name}${path}`

test('a request arrives as it was sent, with the address the gateway saw and without claims from outside', async () => {
  const answer = await fetch(api('board', '/api/tasks/1?q=a%2Fb&q=%EC%95%88'), {
    method: 'PATCH',
    headers: { 'x-jwt-payload': 'e30', 'x-forwarded-for': '1.2.3.4', authorization: 'Bearer t', 'if-match': '"3"' },
    body: 'x'.repeat(1_000_000),
  })
  const seen = (await answer.json()) as { headers: Record<string, string> }
  expect(seen).toMatchObject({ method: 'PATCH', url: '/api/tasks/1?q=a%2Fb&q=%EC%95%88', size: 1_000_000 })
  expect(seen.headers).toMatchObject({
    authorization: 'Bearer t',
    'if-match': '"3"',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
  })
  expect(seen.headers).not.toHaveProperty('x-jwt-payload')
  expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
})

test('an upload flows while it is being sent: nothing waits for its end', async () => {
  const upload = request(api('storage', '/api/storage/echo'), { method: 'POST' })
  upload.write('first ')
  const answer = await new Promise<IncomingMessage>((resolve) => upload.once('response', resolve))
  answer.setEncoding('utf8')
  const got = answer[Symbol.asyncIterator]()
  expect((await got.next()).value).toBe('first ')
  upload.end('last')
  expect((await got.next()).value).toBe('last')
})

test('an event stream begins before its first event, comes event by event, and ends upstream when the reader leaves', async () => {
  const abort = new AbortController()
  const answer = await fetch(api('noti', '/api/notifications/stream?ticket=t'), { signal: abort.signal })
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  const reader = answer.body!.getReader()
  for (let i = 0; i < 2; i++) {
    streams.at(-1)!()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: one\n\n')
  }
  const before = left
  abort.abort()
  await expect.poll(() => left).toBe(before + 1)
})

test('a socket passes both ways, keeps its query, and closes on both sides', async () => {
  const socket = new WebSocket(`${api('board', '/ws/project/1?ticket=t').replace('http', 'ws')}`)
  const frames: string[] = []
  socket.on('message', (data) => frames.push(String(data)))
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send('a'.repeat(30_000))
  socket.send('b')
  await expect.poll(() => frames).toEqual(['/ws/project/1?ticket=t', 'a'.repeat(30_000), 'b'])
  const before = left
  socket.close(1000)
  const code = await new Promise((resolve) => socket.once('close', resolve))
  expect(code).toBe(1000)
  await expect.poll(() => left).toBe(before + 1)
})

test('a refused socket gets the reason of the service; one to nowhere gets 404', async () => {
  const refused = async (url: string, from: string) => {
    const socket = new WebSocket(url.replace('http', 'ws'), { origin: from })
    socket.on('error', () => undefined)
    const answer = await new Promise<IncomingMessage>((resolve) =>
      socket.once('unexpected-response', (_, response) => resolve(response)),
    )
    let text = ''
    for await (const chunk of answer) text += String(chunk)
    return [answer.statusCode, answer.headers['content-type'], text]
  }
  expect(await refused(api('board', '/ws/project/1'), 'https://evil.example')).toEqual([
    403,
    'application/json',
    '{"no":1}',
  ])
  expect((await refused(api('board', '/internal/x'), origin))[0]).toBe(404)
})

test('what does not exist is 404 and a service that is away 503, each with the body of the contract; / is the landing page', async () => {
  const nothing = await fetch(api('user', '/internal/users/lookup'))
  expect([nothing.status, ((await nothing.json()) as { error: { code: string } }).error.code]).toEqual([
    404,
    'NOT_FOUND',
  ])
  const away = await fetch(api('ops', '/api/status'))
  expect([away.status, ((await away.json()) as { error: { code: string } }).error.code]).toEqual([503, 'UNAVAILABLE'])
  expect(await (await fetch(`${origin}/?code=1`)).text()).toBe('welcome')
  expect((await fetch(`${origin}/index.html`)).status).toBe(404)
})

test('it stops at once, also with sockets and streams open', async () => {
  const { port } = service.address() as { port: number }
  const targets = Object.fromEntries(serviceNames.map((name) => [name, { port }])) as Record<
    ServiceName,
    { port: number }
  >
  const second = await startGateway({ port: 0, targets })
  const idle = connect(second.port, '127.0.0.1')
  const socket = new WebSocket(`ws://127.0.0.1:${second.port}/api/svc/board/ws/project/1`)
  await new Promise((resolve) => socket.once('open', resolve))
  const stream = await fetch(`http://127.0.0.1:${second.port}/api/svc/noti/api/notifications/stream`)
  const reading = stream.text().catch(() => 'cut')
  const start = performance.now()
  await second.stop()
  expect(performance.now() - start).toBeLessThan(4000)
  expect(await reading).toBe('cut')
  idle.destroy()
})
