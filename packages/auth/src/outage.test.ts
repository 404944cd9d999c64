import { authWorld, password } from '@wealist/dev/testing/auth-world'
import { startLine } from '@wealist/dev/testing/line'
import { testLog } from '@wealist/dev/testing/log'
import { openRedis, ready } from '@wealist/kit/redis'
import { afterEach, expect, test, vi } from 'vitest'

const stops: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})
const start = async () => {
  const line = await startLine(process.env['TEST_REDIS_URL']!)
  stops.push(line.down)
  const world = await authWorld({ REDIS_URL: line.url })
  stops.push(world.stop)
  const login = (person: { email: string }) =>
    world.ask('POST', '/api/auth/login', { body: { email: person.email, password } })
  const back = async () => {
    await line.up()
    await vi.waitFor(() => expect(world.redis.status).toBe('ready'), { timeout: 10_000, interval: 20 })
  }
  return { line, world, login, back }
}

test('Redis away: access tokens stay good, sign-in, refresh, logout and tickets are 503 at once; back: the same tokens go on', async () => {
  const { line, world, login, back } = await start()
  const person = world.people.add()
  const tokens = await world.signIn(person)
  await line.down()
  expect((await world.me(tokens.accessToken)).status).toBe(200)
  const begun = Date.now()
  const answers = [
    await login(person),
    await world.refresh(tokens.refreshToken),
    await world.ask('POST', '/api/auth/ticket', { token: tokens.accessToken }),
    await world.ask('POST', '/api/auth/logout', { token: tokens.accessToken }),
    await world.ask('GET', '/api/auth/sessions', { token: tokens.accessToken }),
  ]
  expect(answers.map((a) => [a.status, a.code])).toEqual(answers.map(() => [503, 'UNAVAILABLE']))
  expect(Date.now() - begun).toBeLessThan(5000)
  await back()
  expect((await world.refresh(tokens.refreshToken)).status).toBe(200)
  expect((await login(person)).status).toBe(200)
})

test('user away: sign-in is 503 however often it is tried, and shuts nobody out once it is back', async () => {
  const { world, login } = await start()
  const person = world.people.add()
  world.people.state.away = true
  for (let i = 0; i < 12; i++) expect((await login(person)).code).toBe('UNAVAILABLE')
  world.people.state.away = false
  expect((await login(person)).status).toBe(200)
})

test('Redis slow to say the time: sign-in is 503, and shuts nobody out once it is back', async () => {
  const { world, login } = await start()
  const person = world.people.add()
  const late = vi.spyOn(world.redis, 'time').mockRejectedValue(new Error('Command timed out'))
  for (let i = 0; i < 12; i++) expect((await login(person)).code).toBe('UNAVAILABLE')
  late.mockRestore()
  expect((await login(person)).status).toBe(200)
})

test('ending sessions where Redis fails halfway is 503, and asked again ends them: their tokens are dead', async () => {
  const { world } = await start()
  const person = world.people.add()
  for (const path of [() => '/api/auth/sessions', (sid: string) => `/api/auth/sessions/${sid}`]) {
    const [mine, thief] = [await world.signIn(person), await world.signIn(person)]
    const { body } = await world.ask<{ sessionId: string }>('GET', '/api/auth/me', { token: thief.accessToken })
    const evalsha = world.redis.evalsha.bind(world.redis) as (...args: unknown[]) => Promise<unknown>
    const fails = vi.spyOn(world.redis, 'evalsha').mockImplementation((...args: unknown[]) => {
      if (args[2] !== '{revocations}') return evalsha(...args)
      fails.mockRestore()
      return Promise.reject(new Error('Command timed out'))
    })
    const end = () => world.ask('DELETE', path(body.sessionId), { token: mine.accessToken })
    expect((await end()).status).toBe(503)
    expect((await end()).status).toBe(204)
    expect((await world.me(thief.accessToken)).status).toBe(401)
    expect((await world.refresh(thief.refreshToken)).status).toBe(401)
  }
})

test('Redis back with nothing: people sign in again, and what was revoked stays revoked', async () => {
  const { line, world, login, back } = await start()
  const person = world.people.add()
  const [tokens, left] = [await world.signIn(person), await world.signIn(person)]
  await world.ask('POST', '/api/auth/logout', { token: left.accessToken })
  await line.down()
  const direct = openRedis({
    url: process.env['TEST_REDIS_URL']!,
    prefix: '',
    log: testLog(),
  })
  stops.push(() => direct.disconnect())
  await ready(direct)
  await direct.del(...(await direct.keys(`${world.prefix}*`)))
  await back()
  // Not TOKEN_REUSED: nobody stole anything.
  expect((await world.refresh(tokens.refreshToken)).code).toBe('UNAUTHORIZED')
  expect((await world.ask('POST', '/api/auth/ticket', { token: tokens.accessToken })).status).toBe(401)
  expect((await world.me(tokens.accessToken)).status).toBe(200)
  expect((await world.me(left.accessToken)).status).toBe(401)
  expect((await login(person)).status).toBe(200)
  // A process that starts now learns it too.
  const other = await world.startAnother()
  expect((await world.me(left.accessToken, other)).status).toBe(401)
})
