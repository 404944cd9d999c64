import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { objectsConfig, openObjects } from './objects.ts'

test('S3 that takes the connection and says nothing is 503 in seconds, and not waited for without end', async () => {
  const server = createServer((socket) => void socket.on('error', () => undefined))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const config = z.object(objectsConfig).parse({
    S3_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    S3_BUCKET: 'none',
    S3_ACCESS_KEY_ID: 'test',
    S3_SECRET_ACCESS_KEY: 'test-secret',
  })
  const objects = openObjects(config)
  await expect(objects.inspect('key')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  objects.close()
  server.close()
}, 25_000)
