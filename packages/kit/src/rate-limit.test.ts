import { startRedis } from '@wealist/dev/redis'
import { testLog } from '@wealist/dev/testing/log'
import { testRedis } from '@wealist/dev/testing/redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openAttempts } from './attempts.ts'
import { Config, readConfig } from './config.ts'
import { openLimiter } from './rate-limit.ts'
import { openRedis, ready } from './redis.ts'

const log = testLog()
const { url, prefix } = testRedis()
const redis = openRedis({ url, prefix, log })
const limiterOf = (most: number, on = redis) =>
  openLimiter({ redis: on, config: readConfig(Config, { RATE_LIMIT: String(most) }), log })
beforeAll(async () => void (await ready(redis)))
afterAll(() => redis.disconnect())

const codeOf = (answer: Promise<unknown>) =>
  answer.then(
    () => 'ok',
    (error: { code: string }) => error.code,
  )
const lost = async () => {
  const server = await startRedis()
  const gone = openRedis({ url: server.url, prefix: '', log })
  await ready(gone)
  const stopping = server.stop()
  gone.disconnect(true)
  await stopping
  return gone
}

test('the headers are those of the draft, and the limit is shared by processes', async () => {
  const [here, there] = [limiterOf(3), limiterOf(3)]
  const first = await here.consume('default', 'alice')
  expect(first.exceeded).toBe(false)
  expect(first.headers['ratelimit-policy']).toBe('"default";q=3;w=60')
  expect(first.headers['ratelimit']).toMatch(/^"default";r=2;t=(60|59)$/)
  expect(first.headers['retry-after']).toBeUndefined()
  expect((await there.consume('default', 'alice')).exceeded).toBe(false)
  expect((await there.consume('default', 'alice')).headers['ratelimit']).toMatch(/r=0;/)
  for (const limiter of [here, there, here]) {
    const over = await limiter.consume('default', 'alice')
    expect(over.exceeded).toBe(true)
    expect(over.headers['ratelimit']).toMatch(/^"default";r=0;t=\d+$/)
    expect(Number(over.headers['retry-after'])).toBeGreaterThan(50)
  }
  expect((await here.consume('default', 'bob')).exceeded).toBe(false)
})

test('100 requests at the same time pass exactly as many as the limit', async () => {
  const limiter = limiterOf(40)
  const answers = await Promise.all(Array.from({ length: 100 }, () => limiter.consume('default', 'crowd')))
  expect(answers.filter((a) => !a.exceeded)).toHaveLength(40)
})

test('sign-in has a stricter window of its own', async () => {
  const limiter = limiterOf(600)
  const answers = await Promise.all(Array.from({ length: 40 }, () => limiter.consume('sign-in', '203.0.113.7')))
  expect(answers.filter((a) => !a.exceeded)).toHaveLength(30)
  expect(answers[0]!.headers['ratelimit-policy']).toBe('"sign-in";q=30;w=60')
  expect((await limiter.consume('default', '203.0.113.7')).exceeded).toBe(false)
})

test('RATE_LIMIT=0 counts nothing and says nothing', async () => {
  expect(await limiterOf(0).consume('sign-in', 'anybody')).toEqual({ headers: {}, exceeded: false })
})

test('while Redis is away requests and attempts pass, at once', async () => {
  const gone = await lost()
  const start = Date.now()
  expect(await limiterOf(1, gone).consume('default', 'x')).toEqual({ headers: {}, exceeded: false })
  const attempts = openAttempts({ redis: gone, name: 'password', log })
  expect(await codeOf(attempts.take({ secret: 'a', from: 'b' }))).toBe('ok')
  expect(Date.now() - start).toBeLessThan(3000)
  gone.disconnect()
})

test('of 50 guesses at one account from one address at the same time 10 are heard; then it waits, longer each time', async () => {
  const attempts = openAttempts({ redis, name: 'guess', log })
  const attempt = { secret: 'alice@example.com', from: '203.0.113.7' }
  const codes = await Promise.all(Array.from({ length: 50 }, () => codeOf(attempts.take(attempt))))
  expect(codes.filter((c) => c === 'ok')).toHaveLength(10)
  expect(new Set(codes)).toEqual(new Set(['ok', 'RATE_LIMITED']))
  const wait = async () =>
    Number(
      await attempts.take(attempt).then(
        () => '0',
        (e: { headers: Record<string, string> }) => e.headers['retry-after'],
      ),
    )
  expect(await wait()).toBeGreaterThan(50)
  expect(await wait()).toBeLessThanOrEqual(60)
  const [window] = (await redis.keys(`${prefix}attempts:guess:address:*`)) as [string]
  await redis.del(window.slice(prefix.length))
  await Promise.all(Array.from({ length: 11 }, () => codeOf(attempts.take(attempt))))
  expect(await wait()).toBeGreaterThan(110)
  // The owner, elsewhere, is not shut out, however long that one goes on.
  for (let i = 0; i < 100; i++) await codeOf(attempts.take(attempt))
  expect(await codeOf(attempts.take({ ...attempt, from: '198.51.100.1' }))).toBe('ok')
})

test('guesses from the addresses of one IPv6 network count together, and what was right gives back to all of them', async () => {
  const attempts = openAttempts({ redis, name: 'network', log })
  const from = (n: number) => ({ secret: 'carol@example.com', from: `2001:db8:0:1::${n}` })
  const take = (n: number) => codeOf(attempts.take(from(n)))
  for (let n = 1; n <= 9; n++) expect(await take(n)).toBe('ok')
  await attempts.succeeded(from(99))
  for (let n = 1; n <= 10; n++) expect(await take(n)).toBe('ok')
  expect(await take(11)).toBe('RATE_LIMITED')
  expect(await codeOf(attempts.take({ ...from(1), from: '2001:db8:0:2::1' }))).toBe('ok')
})

test('who gets it right has all attempts again', async () => {
  const attempts = openAttempts({ redis, name: 'right', log })
  const attempt = { secret: 'bob@example.com', from: '203.0.113.7' }
  for (let i = 0; i < 30; i++) {
    expect(await codeOf(attempts.take(attempt))).toBe('ok')
    await attempts.succeeded(attempt)
  }
})
