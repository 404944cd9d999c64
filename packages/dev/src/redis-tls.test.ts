import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { openRedis } from '@wealist/kit/redis'
import { expect, test } from 'vitest'
import { testLog } from './testing/log.ts'

test.each([
  ['rediss', 0x16],
  ['redis', '*'.charCodeAt(0)],
])('what is said to %s:// is said in that from its first byte on', async (scheme, byte) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const log = testLog()
  const first = once(server, 'connection').then(([socket]) => once(socket, 'data')) as Promise<[Buffer]>
  const redis = openRedis({ url: `${scheme}://127.0.0.1:${port}`, prefix: 'x:', cluster: false, log })
  try {
    expect((await first)[0][0]).toBe(byte)
  } finally {
    redis.disconnect()
    server.close()
  }
})
