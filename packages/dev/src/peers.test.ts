import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { board } from '@wealist/board/service'
import { internal } from '@wealist/contract/user'
import { Config, readConfig } from '@wealist/kit/config'
import { newId } from '@wealist/kit/ids'
import { openPeers } from '@wealist/kit/peer'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { authWorld } from './testing/auth-world.ts'
import { oneService, type OneService } from './testing/one-service.ts'

const [workspaceId, userId] = [newId(), newId()]
const seen: IncomingMessage[] = []
type Answer = (response: ServerResponse) => unknown
const member: Answer = (response) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"role":"owner","version":1}')
let answer = member
const user = createServer((asked, response) => {
  // Board asks for it by itself, whenever its time comes.
  if (asked.url!.startsWith('/internal/directory'))
    return response.writeHead(200, { 'content-type': 'application/json' }).end('{"items":[],"head":0}')
  seen.push(asked)
  answer(response)
})
let url: string
let service: OneService<object>
beforeAll(async () => {
  await new Promise<void>((resolve) => user.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(user.address() as AddressInfo).port}`
  service = await oneService(board, { USER_URL: url, USER_KEY: 'key-of-user' })
})
afterAll(async () => {
  await service.stop()
  user.closeAllConnections()
  user.close()
})
beforeEach(() => {
  answer = member
  seen.length = 0
})
const peers = () => openPeers('board', readConfig(Config, { USER_URL: url, USER_KEY: 'key-of-user' }))({})
const membership = () => peers()('user', internal.membership, { params: { id: workspaceId, userId } })
const lookup = () => peers()('user', internal.lookup, { body: { ids: [userId] } })
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'OK',
    (error: { code: string }) => error.code,
  )
const broken: Answer = (response) => response.destroy()

test('the id and the trace of a request go along to whom it asks, with the internal key of that service and who asks', async () => {
  const auth = await authWorld({ USER_URL: url, USER_KEY: 'key-of-user' })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const along = { 'x-request-id': 'seen-everywhere', traceparent }
  answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"user":null}')
  const answered = await fetch(`${auth.url}/api/auth/login`, {
    method: 'POST',
    headers: { ...along, 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'alice@example.com', password: 'not her password' }),
  })
  await auth.stop()
  expect([answered.status, answered.headers.get('x-request-id')]).toEqual([401, 'seen-everywhere'])
  expect(seen.length).toBe(1)
  expect(seen[0]!.headers).toMatchObject({
    ...along,
    'x-internal-api-key': 'key-of-user',
    'x-wealist-caller': 'auth',
  })
})

test('what may be asked twice is asked once more where a peer broke off; what may not is not', async () => {
  const once: Answer = (response) => (seen.length === 1 ? broken(response) : member(response))
  answer = once
  expect(await membership()).toEqual({ role: 'owner', version: 1 })
  expect(seen.length).toBe(2)
  answer = broken
  seen.length = 0
  expect(await codeOf(membership())).toBe('UNAVAILABLE')
  expect(seen.length).toBe(2)
  seen.length = 0
  expect(await codeOf(lookup())).toBe('UNAVAILABLE')
  expect(seen.length).toBe(1)
})

test('a peer that takes the connection and says nothing is 503 within its time, not waited for without end', async () => {
  answer = () => undefined
  const begun = performance.now()
  expect(await codeOf(lookup())).toBe('UNAVAILABLE')
  expect(performance.now() - begun).toBeGreaterThan(1500)
  expect(performance.now() - begun).toBeLessThan(6000)
})

test('a peer that refuses our key, breaks or is asked too often is 503 for who asked us: it is not their 401, 500 or 429', async () => {
  for (const [status, code] of [
    [401, 'UNAUTHORIZED'],
    [500, 'INTERNAL_ERROR'],
    [429, 'RATE_LIMITED'],
  ] as const) {
    const body = JSON.stringify({ error: { code, message: 'No.', requestId: 'x' } })
    answer = (response) => response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    expect([code, await codeOf(membership())]).toEqual([code, 'UNAVAILABLE'])
  }
  answer = (response) => response.writeHead(502).end('<html>Bad gateway</html>')
  expect(await codeOf(membership())).toBe('UNAVAILABLE')
})

test('rule 7: a peer that the topology does not name is not asked', async () => {
  await expect(peers()('chat', internal.membership, { params: { id: workspaceId, userId } })).rejects.toThrow(
    'board → chat is not an edge',
  )
  expect(seen).toEqual([])
})

test('claims that come twice are nobody’s: 401, whoever’s they are', async () => {
  const claims = service.headersOf({ id: userId })['x-jwt-payload']!
  const statusOf = (given: string[]) =>
    new Promise((resolve, reject) => {
      const path = `${service.url}/api/projects?workspaceId=${workspaceId}`
      const asked = request(path, { headers: { 'x-jwt-payload': given } }, (response) =>
        resolve(response.resume().statusCode),
      )
      asked.on('error', reject).end()
    })
  expect(await statusOf([claims])).toBe(200)
  expect(await statusOf([claims, claims])).toBe(401)
})
