import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { requestInfo } from './request-info.ts'

test('what a request brings has no getters, by which V8 would keep each request until a full collection', async () => {
  const app = new Hono()
  app.get('/', (c) =>
    c.json(Object.values(Object.getOwnPropertyDescriptors(requestInfo(c, { TRUSTED_HOPS: 0 }))).map((p) => 'get' in p)),
  )
  const getters = (await (await app.request('/')).json()) as boolean[]
  expect(getters.length).toBeGreaterThan(5)
  expect(getters).not.toContain(true)
})
