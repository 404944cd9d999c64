import { testLog } from '@wealist/dev/testing/log'
import { cutOff, testRedis } from '@wealist/dev/testing/redis'
import { expect, test, vi } from 'vitest'
import { openBus } from './bus.ts'
import { openRedis, ready, type Redis } from './redis.ts'

test('what was left while Redis was away is not listened to when it is back, and what was taken then is', async () => {
  const log = testLog()
  const { url, prefix } = testRedis()
  const redis = openRedis({ url, prefix, log })
  await ready(redis)
  let subscriber: Redis | undefined
  const duplicate = redis.duplicate.bind(redis)
  vi.spyOn(redis, 'duplicate').mockImplementation((options) => (subscriber = duplicate(options)))
  const bus = openBus({ redis, prefix, log })
  const heardBy = async (channel: string) => (await redis.pubsub('NUMSUB', prefix + channel))[1]
  const [leave, heard] = [bus.subscribe('left', () => undefined), vi.fn()]
  bus.subscribe('kept', heard)
  await expect.poll(() => heardBy('left')).toBe(1)
  await cutOff(subscriber!)
  leave()
  bus.subscribe('taken', heard)
  // A channel is left a little after its last listener.
  await new Promise((resolve) => setTimeout(resolve, 5200))
  await subscriber!.connect()
  await expect.poll(() => Promise.all(['kept', 'taken', 'left'].map(heardBy))).toEqual([1, 1, 0])
  for (const channel of ['kept', 'taken']) bus.publish(channel, channel)
  await expect.poll(() => heard.mock.calls.flat()).toEqual(['kept', 'taken'])
  bus.close()
  redis.disconnect()
})

test('a process that hears nothing has no line of its own to hear with', async () => {
  const { url, prefix } = testRedis()
  const redis = openRedis({ url, prefix, log: testLog() })
  await ready(redis)
  const duplicate = vi.spyOn(redis, 'duplicate')
  const bus = openBus({ redis, prefix, log: testLog() })
  const subscriber = duplicate.mock.results[0]!.value as Redis
  bus.publish('a', 'said')
  expect(subscriber.status).toBe('wait')
  bus.subscribe('a', () => undefined)
  await expect.poll(() => subscriber.status).toBe('ready')
  bus.close()
  redis.disconnect()
})
