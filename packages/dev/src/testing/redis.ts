import { randomBytes } from 'node:crypto'

/** A part of the run's Redis that no other test file uses. */
export const testRedis = () => ({
  url: process.env['TEST_REDIS_URL']!,
  prefix: `test-${process.env['TEST_RUN']}-${randomBytes(6).toString('hex')}:`,
})

/** Takes Redis away from a client until it connects again; resolves once it is gone, as an end takes its time on a busy machine. */
export const cutOff = async (redis: { disconnect(): void; status: string }) => {
  redis.disconnect()
  while (redis.status !== 'end') await new Promise((resolve) => setTimeout(resolve, 5))
}
