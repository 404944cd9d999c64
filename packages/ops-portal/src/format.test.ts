import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { moment, periodIn, time, zone } from './format.ts'

beforeAll(() => {
  vi.stubEnv('TZ', 'Asia/Seoul')
  vi.setSystemTime('2026-11-28T20:00:00Z')
})
afterAll(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

test.each(['en', 'ko'] as const)('a time is by the clock of 24 hours and names its zone (%s)', (language) => {
  expect(moment(language, '2026-11-28T04:24:07Z')).toMatch(/2026.*13:24:07 GMT\+9$/)
  expect(zone(language)).toBe('GMT+9')
})

test('a line of today shows the time, an older one its day as well', () => {
  expect(time('en', '2026-11-28T19:00:05Z')).toBe('04:00:05')
  expect(time('en', '2026-11-28T14:59:59Z')).toMatch(/11\/28.*23:59:59/)
})

test('a period is written as the language does', () => {
  expect([periodIn('en', '15m'), periodIn('ko', '15m'), periodIn('ko', '24h')]).toEqual(['15m', '15분', '24시간'])
})
