import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { streamTo } from './sse-node.ts'
import type { Out } from './sse.ts'

test('a client that takes one long write piece by piece is seen to take it, and one that stops is seen to stop', async () => {
  const long = 32 * 1024 * 1024
  let out: Out | undefined
  const server = createServer((_, response) => {
    const open = (to: Out) => {
      out = to
      to.write(Buffer.alloc(long))
      return () => undefined
    }
    streamTo(response, {}, { open })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => void (client.destroy(), server.close()))
  client.pause().write('GET / HTTP/1.1\r\nhost: stream\r\n\r\n')
  await vi.waitFor(() => expect(out?.taken()).toBeGreaterThan(0), { timeout: 10_000 })
  const stopped = async () => {
    let before = -1
    await vi.waitFor(() => expect(before).toBe((before = out!.taken())), { timeout: 10_000, interval: 300 })
    return before
  }
  const before = await stopped()
  let read = 0
  client.on('data', (data) => {
    read += data.length
    if (read > long / 2) client.pause()
  })
  client.resume()
  await vi.waitFor(() => expect(out!.taken()).toBeGreaterThan(before), { timeout: 10_000 })
  await stopped()
  expect(read).toBeLessThan(long)
  expect(out!.unsent()).toBeGreaterThanOrEqual(long)
})
