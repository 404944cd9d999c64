import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { openPosts } from './lambda-posts.ts'

afterEach(() => vi.unstubAllEnvs())

test('an event that is too large for API Gateway is told by its seq, and whose it is', async () => {
  const posted: unknown[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk))
    request.on('end', () => {
      posted.push(JSON.parse(text))
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  for (const [name, value] of Object.entries({ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'c' }))
    vi.stubEnv(name, value)
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const posts = openPosts({ endpoint, warn: (message) => posted.push(message) })
  const large = { type: 'message', seq: 7, payload: { content: '가'.repeat(50_000) }, timestamp: 'now', actorId: null }
  await posts.post('one', { text: JSON.stringify(large) })
  await posts.post('many', { text: JSON.stringify({ chatId: 'room', ...large }) })
  await posts.post('one', { text: JSON.stringify({ ...large, payload: {} }) })
  expect(posted).toEqual([
    { type: 'stale', payload: { seq: 7 } },
    { type: 'stale', payload: { seq: 7, chatId: 'room' } },
    { ...large, payload: {} },
  ])
  posts.close()
  server.close()
})
