import { randomBytes } from 'node:crypto'

/** A part of the run's Redis that no other test file uses. */
export const testRedis = () => ({
  url: process.env['TEST_REDIS_URL']!,
  prefix: `test-${process.env['TEST_RUN']}-${randomBytes(6).toString('hex')}:`,
})
