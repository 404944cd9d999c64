import { testLog } from '@wealist/dev/testing/log'
import { testRedis } from '@wealist/dev/testing/redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRedis, ready } from './redis.ts'
import { script } from './script.ts'

const redis = openRedis({ ...testRedis(), log: testLog() })
beforeAll(async () => void (await ready(redis)))
afterAll(() => redis.disconnect())

test('a script that Redis does not know yet answers every one of 50 callers, also when other commands are under way', async () => {
  const increase = script<number>('increase', `return redis.call('incrby', KEYS[1], ARGV[1])`)
  const others = Array.from({ length: 10 }, () => redis.get('other'))
  const answers = await Promise.all(Array.from({ length: 50 }, () => increase(redis, ['counter'], [1])))
  expect(answers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  expect(new Set(await Promise.all(others))).toEqual(new Set([null]))
})

test('a script works again after Redis forgot it, and its keys carry the prefix', async () => {
  const put = script<string>('put', `redis.call('set', KEYS[1], ARGV[1]) return redis.call('get', KEYS[1])`)
  await put(redis, ['key'], ['a'])
  await redis.script('FLUSH')
  expect(await put(redis, ['key'], ['b'])).toBe('b')
  expect(await redis.get('key')).toBe('b')
})

test('an error inside a script reaches the caller and runs it once', async () => {
  const fail = script<never>('fail', `redis.call('incr', KEYS[1]) return redis.call('hget', KEYS[1], 'x')`)
  await expect(fail(redis, ['once'])).rejects.toThrow(/WRONGTYPE/)
  expect(await redis.get('once')).toBe('1')
})
