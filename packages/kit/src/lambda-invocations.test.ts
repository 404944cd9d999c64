import { throughLambda } from '@wealist/dev/testing/lambda-event'
import { startLine } from '@wealist/dev/testing/line'
import { openSocket } from '@wealist/dev/testing/chat-socket'
import { level, logTo } from '@wealist/dev/testing/log'
import { type OneService, oneService } from '@wealist/dev/testing/one-service'
import { startWebSocketApi } from '@wealist/dev/websocket-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import type { Env } from './config.ts'
import { newId } from './ids.ts'
import { job } from './jobs.ts'
import { lambda } from './lambda.ts'
import { lambdaSocket } from './lambda-socket.ts'
import { rooms } from './live/live.fixture.ts'
import type { ServiceSpec } from './service.ts'
import { sql } from './sql.ts'

const tell = job('tell', z.strictObject({ topic: z.string() }), (ctx, { topic }) =>
  ctx.tx(async (tx) => void tx.emit(topic, 'thing.changed', { key: 'a' })),
)
const endless = job('endless', z.strictObject({}), () => new Promise<void>(() => undefined))
const spec = { ...rooms, jobs: [tell, endless] } as unknown as ServiceSpec

// One that has no jobs, so that nothing but the functions runs them.
let service: OneService<object>
let env: Env
beforeAll(async () => {
  service = await oneService(rooms)
  env = { ...service.environment, LOG_LEVEL: level }
})
afterAll(() => service.stop())

const tick = (more: Env = {}, left = 30_000) =>
  lambda(spec, { ...env, ...more }, { logTo })({ source: 'test' }, { getRemainingTimeInMillis: () => left } as never)

test('a job that does not end in the time of the function is given back before the function is killed, as if never taken', async () => {
  await service.running.base.db.tx(async (tx) => tx.addJob('endless', {}))
  const begun = performance.now()
  await tick({}, 6500)
  expect(performance.now() - begun).toBeLessThan(6500)
  expect(
    await service.running.base.db.rows(sql`select attempts, locked_by, flags from graphile_worker._private_jobs`),
  ).toEqual([{ attempts: 0, locked_by: null, flags: { long: true } }])
  await service.running.base.db.run(sql`delete from graphile_worker._private_jobs`)
})

test('what a job of an invocation commits has been posted to sockets when the invocation is over', async () => {
  // The SDK signs what it posts; whose keys these are the stand-in does not ask.
  process.env['AWS_REGION'] ??= 'ap-northeast-2'
  process.env['AWS_ACCESS_KEY_ID'] ??= 'test'
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test'
  const api = await startWebSocketApi({ handler: (event) => onSocket(event as never) })
  const onSocket = lambdaSocket(spec, { ...env, WEBSOCKET_API_URL: api.endpoint }, { logTo })
  const room = newId()
  const url = `${api.url}?path=${encodeURIComponent(`/ws/rooms/${room}`)}`
  const socket = await openSocket(url, service.headersOf({ id: newId() }))
  socket.send('resume', {})
  await socket.type('ready', 10_000)

  const line = await startLine(api.endpoint)
  line.slow(300)
  await service.running.base.db.tx(async (tx) => tx.addJob('tell', { topic: `room:${room}` }))
  await tick({ WEBSOCKET_API_URL: line.url })
  // As if frozen: nothing leaves any more.
  await line.down()
  expect(await socket.type('thing.changed', 5000)).toMatchObject({ payload: { key: 'a' } })
  await api.stop()
})

test('after a rest a request is answered though the line to Redis died meanwhile without a word', async () => {
  const line = await startLine(env['REDIS_URL']!)
  let ahead = 0
  const clock = { now: () => Date.now() + ahead }
  const handler = lambda(spec, { ...env, REDIS_URL: line.url }, { logTo, clock })
  const ask = async () => {
    const init = { headers: service.headersOf({ id: newId() }) }
    return (await throughLambda(handler as never, 'board', { path: `/api/rooms/${newId()}`, init })).status
  }
  expect(await ask()).toBe(200)
  line.slow(600_000)
  expect(await ask()).toBe(503)
  // New connections are well; the old one stays as it is.
  line.slow(0)
  ahead = 31_000
  expect(await ask()).toBe(200)
  await line.down()
}, 20_000)
