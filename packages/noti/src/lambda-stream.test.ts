import { type StreamingHandler, installAwslambda, startFunctionUrl } from '@wealist/dev/function-url'
import { type EventStream, openEvents } from '@wealist/dev/testing/event-stream'
import { throughLambda } from '@wealist/dev/testing/lambda-event'
import { asProcesses, startAsProcesses } from '@wealist/dev/testing/lambda-sockets'
import { testLog } from '@wealist/dev/testing/log'
import { assigned, type NotiService, notiService } from '@wealist/dev/testing/noti-service'
import { newId } from '@wealist/kit/ids'
import { lambda } from '@wealist/kit/lambda'
import { lambdaStream } from '@wealist/kit/lambda-stream'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { noti } from './service.ts'

const log = testLog('noti')
const path = '/api/svc/noti/api/notifications/stream'
let service: NotiService
let environment: NotiService['environment']
let alice: { id: string }
const open: EventStream[] = []
const urls: { stop(): Promise<void> }[] = []
beforeAll(async () => {
  installAwslambda()
  service = await notiService()
  environment = {
    ...service.environment,
    DATABASE_URL: `${service.environment['DATABASE_URL']}?application_name=functions`,
  }
})
afterAll(() => service.stop())
beforeEach(() => void (alice = { id: newId() }))
afterEach(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.close()))
  await Promise.all(urls.splice(0).map((url) => url.stop()))
})

const kept = <T extends { stop(): Promise<void> }>(url: T) => {
  urls.push(url)
  return url
}
const startUrl = async (timeout?: number) => {
  if (asProcesses) return kept(await startAsProcesses('noti', environment, timeout))
  const handler = lambdaStream(noti, environment, { log }) as unknown as StreamingHandler
  return kept(await startFunctionUrl(handler, { ...(timeout && { timeout }) }))
}
const listen = async (url: string, headers: Record<string, string> = {}) => {
  const stream = await openEvents(url + path, { ...service.headersOf(alice), ...headers })
  open.push(stream)
  return stream
}
const ready = (stream: EventStream) => stream.find((e) => e.event === 'ready')
const seqs = (stream: EventStream) => stream.events.filter((e) => e.data.seq !== undefined).map((e) => e.id)
// The service beside the functions has connections of its own, and as many as it likes.
const connections = async () =>
  (await service.rows("select from pg_stat_activity where application_name = 'functions'")).length

test('a function streams as a process does: what was missed, then what other processes do, in order', async () => {
  const { url } = await startUrl()
  for (let i = 0; i < 3; i++) await service.tell(assigned([alice.id]))
  const stream = await listen(url, { 'last-event-id': '1', 'accept-language': 'ko' })
  expect(stream.status).toBe(200)
  expect(Object.fromEntries(stream.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  })
  await ready(stream)
  for (let i = 0; i < 5; i++) await service.tell(assigned([alice.id]))
  await stream.find((e) => e.id === 8)
  expect(seqs(stream)).toEqual([2, 3, 4, 5, 6, 7, 8])
  expect(JSON.stringify(stream.events)).toContain('배정했습니다')
  await stream.find((e) => e.event === 'unread' && JSON.stringify(e.data).includes('"count":8'))
})

test('before the function must end, its client is told to come back, and nothing is left of it', async () => {
  const lambda = await startUrl(6500)
  const stream = await listen(lambda.url)
  await ready(stream)
  const { data } = await stream.find((e) => e.event === 'close')
  expect(data).toMatchObject({ payload: { code: 1012, retryAfter: expect.any(Number) } })
  expect(stream.retry).toBe((data.payload as unknown as { retryAfter: number }).retryAfter)
  await stream.ended
  await vi.waitFor(async () => {
    expect(lambda.running).toBe(0)
    expect(await connections()).toBe(0)
  })
  await service.tell(assigned([alice.id]))
  const again = await listen(lambda.url, { 'last-event-id': '0' })
  await ready(again)
  expect(seqs(again)).toEqual([1])
})

test('a revoked session ends its stream there too, and refusals have the body of the contract', async () => {
  const { url } = await startUrl()
  const anonymous = await fetch(url + path)
  expect([anonymous.status, await anonymous.json()]).toEqual([
    401,
    { error: { code: 'UNAUTHORIZED', message: expect.any(String), requestId: expect.any(String) } },
  ])
  const stream = await listen(url)
  await ready(stream)
  const begun = Date.now()
  await service.running.base.revocations.revoke({ sub: alice.id })
  expect((await stream.find((e) => e.event === 'close')).data).toMatchObject({ payload: { code: 4401 } })
  expect(Date.now() - begun).toBeLessThan(3000)
  await stream.ended
})

test('while it cannot start, a function answers 503 and tries again with the next client', async () => {
  const broken = { ...environment, DATABASE_POOL: 'none' }
  const handler = lambdaStream(noti, broken, { log }) as unknown as StreamingHandler
  const url = await startFunctionUrl(handler)
  urls.push(url)
  const answer = await fetch(url.url + path, { headers: service.headersOf(alice) })
  expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([
    503,
    'UNAVAILABLE',
  ])
})

test('behind API Gateway, which would hold a stream back until its end, the route says that it is elsewhere', async () => {
  const handler = lambda(noti, service.environment, { log }) as Parameters<typeof throughLambda>[0]
  const { status, body } = await throughLambda(handler, 'noti', {
    path: '/api/notifications/stream',
    init: { headers: service.headersOf(alice) },
  })
  expect([status, (JSON.parse(body) as { error: { code: string } }).error.code]).toEqual([503, 'UNAVAILABLE'])
})
