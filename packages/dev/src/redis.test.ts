import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { testRedis } from './testing/redis.ts'

// What weAlist asks of Redis, held to the embedded one and, with REDIS_URL, to a real one.
const { url, prefix } = testRedis()
const connect = () => new Redis(url, { keyPrefix: prefix })
const redis = connect()
const other = connect()
afterAll(() => {
  redis.disconnect()
  other.disconnect()
})

test('GETDEL gives a value once, also to many at the same time', async () => {
  await redis.set('ticket', 'claims', 'EX', 30)
  const got = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? redis : other).getdel('ticket')))
  expect(got.filter(Boolean)).toEqual(['claims'])
})

test('SET NX is taken once, and expires to the millisecond', async () => {
  const won = await Promise.all(Array.from({ length: 20 }, () => redis.set('lock', 'me', 'PX', 60, 'NX')))
  expect(won.filter(Boolean)).toHaveLength(1)
  await expect.poll(() => redis.exists('lock'), { timeout: 2000 }).toBe(0)
})

test('Lua scripts run whole: by text, by hash, with errors that name the script', async () => {
  redis.defineCommand('spend', {
    numberOfKeys: 1,
    lua: `local left = tonumber(redis.call('get', KEYS[1]) or ARGV[1])
      if left <= 0 then return -1 end
      redis.call('set', KEYS[1], left - 1, 'px', 10000)
      return left - 1`,
  })
  const spend = (redis as unknown as { spend(key: string, most: number): Promise<number> }).spend.bind(redis)
  const answers = await Promise.all(Array.from({ length: 20 }, () => spend('budget', 5)))
  expect(answers.toSorted((a, b) => b - a).slice(0, 6)).toEqual([4, 3, 2, 1, 0, -1])
  expect(await redis.eval(`return {KEYS[1], ARGV[1], cjson.encode({a = 1})}`, 1, 'k', 'v')).toEqual([
    `${prefix}k`,
    'v',
    '{"a":1}',
  ])
  await expect(redis.eval(`return redis.error_reply('NO way')`, 0)).rejects.toThrow('NO way')
  await expect(redis.evalsha('0'.repeat(40), 0)).rejects.toThrow('NOSCRIPT')
})

test('a stream keeps order, is read after an id, waits for the next entry and is trimmed', async () => {
  const first = await redis.xadd('stream', '*', 'n', '1')
  await redis.xadd('stream', '*', 'n', '2')
  const read = (await redis.xread('COUNT', 10, 'STREAMS', 'stream', first!)) as [string, [string, string[]][]][]
  expect(read[0]![1].map(([, fields]) => fields)).toEqual([['n', '2']])
  let woken: unknown
  void other.xread('BLOCK', 10_000, 'STREAMS', 'stream', '$').then((entries) => (woken = entries))
  await expect
    .poll(async () => {
      await redis.xadd('stream', 'MAXLEN', '~', 1000, '*', 'n', 'later')
      return JSON.stringify(woken ?? null)
    })
    .toContain('"n","later"')
  await redis.xtrim('stream', 'MAXLEN', 1)
  expect(await redis.xrange('stream', '-', '+')).toHaveLength(1)
  expect(await redis.xlen('stream')).toBe(1)
})

test('what is published reaches every subscriber of the channel or pattern, in order', async () => {
  const [plain, pattern] = [connect(), connect()]
  const heard: string[] = []
  try {
    plain.on('message', (_, message) => heard.push(`plain ${message}`))
    pattern.on('pmessage', (_, __, message) => heard.push(`pattern ${message}`))
    await plain.subscribe(`${prefix}topic:1`)
    await pattern.psubscribe(`${prefix}topic:*`)
    for (const message of ['a', 'b']) expect(await redis.publish(`${prefix}topic:1`, message)).toBe(2)
    await expect.poll(() => heard.toSorted()).toEqual(['pattern a', 'pattern b', 'plain a', 'plain b'])
    expect(heard.indexOf('plain a')).toBeLessThan(heard.indexOf('plain b'))
    await plain.unsubscribe(`${prefix}topic:1`)
    expect(await redis.publish(`${prefix}topic:1`, 'c')).toBe(1)
  } finally {
    plain.disconnect()
    pattern.disconnect()
  }
})

test('WATCH lets a transaction run only where nobody changed the key', async () => {
  await redis.set('watched', '1')
  await redis.watch('watched')
  await other.set('watched', '2')
  expect(await redis.multi().set('watched', '3').exec()).toBeNull()
  await redis.watch('watched')
  expect(await redis.multi().incr('watched').exec()).toEqual([[null, 3]])
})

test('hashes, sorted sets, MGET and SCAN answer as they should', async () => {
  await redis.hset('hash', { a: '1', b: '2' })
  expect(await redis.hgetall('hash')).toEqual({ a: '1', b: '2' })
  await redis.zadd('sorted', 3, 'c', 1, 'a', 2, 'b')
  expect(await redis.zrangebyscore('sorted', '(1', '+inf')).toEqual(['b', 'c'])
  await redis.mset('m1', '1', 'm2', '2')
  expect(await redis.mget('m1', 'none', 'm2')).toEqual(['1', null, '2'])
  expect(await redis.pexpire('m1', 5000)).toBe(1)
  expect(await redis.pttl('m1')).toBeGreaterThan(4000)
  // In one page: the embedded one's cursor counts keys, and those of other tests come and go meanwhile.
  const [, found] = await redis.scan(0, 'MATCH', `${prefix}m*`, 'COUNT', 1_000_000)
  expect(found.toSorted()).toEqual([`${prefix}m1`, `${prefix}m2`])
})
