import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { networkOf, requestInfo } from './request-info.ts'

test('what a request brings has no getters, by which V8 would keep each request until a full collection', async () => {
  const app = new Hono()
  app.get('/', (c) =>
    c.json(Object.values(Object.getOwnPropertyDescriptors(requestInfo(c, { TRUSTED_HOPS: 0 }))).map((p) => 'get' in p)),
  )
  const getters = (await (await app.request('/')).json()) as boolean[]
  expect(getters.length).toBeGreaterThan(5)
  expect(getters).not.toContain(true)
})

test('an address counts as its network: IPv6 by its /64, IPv4 alone, also where it is written as IPv6', () => {
  const home = [
    '2001:db8:1:2::1',
    '2001:DB8:1:2:ffff:ffff:ffff:ffff',
    '2001:0db8:0001:0002:0:0:0:9',
    '2001:db8:1:2::%eth0',
  ]
  expect(new Set(home.map(networkOf))).toEqual(new Set(['2001:db8:1:2::/64']))
  expect(networkOf('2001:db8:1:3::1')).toBe('2001:db8:1:3::/64')
  expect(networkOf('::1')).toBe('0:0:0:0::/64')
  expect(networkOf('2001:db8::')).toBe('2001:db8:0:0::/64')
  for (const mapped of ['::ffff:203.0.113.7', '::FFFF:cb00:7107', '0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'])
    expect(networkOf(mapped)).toBe('203.0.113.7')
  for (const other of ['unknown', '', '1.2.3.4:80', '0192f0c1-7a5e-7c3b-9d2e-3f4a5b6c7d8e', '[::1]', '::1::2'])
    expect(networkOf(other)).toBe(other)
})
