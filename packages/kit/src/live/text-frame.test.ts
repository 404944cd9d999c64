import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { textFrame } from './text-frame.ts'

const texts = [0, 1, 125, 126, 127, 65_535, 65_536, 300_000].map((n) => 'x'.repeat(n)).concat('회의 ☕ at six')
const server = createServer()
const sockets = new WebSocketServer({ noServer: true })
beforeAll(async () => {
  server.on('upgrade', (request, stream, head) =>
    sockets.handleUpgrade(request, stream, head, () => {
      for (const text of texts) stream.write(textFrame({ text }))
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => void server.close())

test('a client reads each message as it was said, at every length of the head', async () => {
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const heard: string[] = []
  client.on('message', (data: Buffer, binary) => heard.push(binary ? 'binary' : data.toString()))
  while (heard.length < texts.length) await once(client, 'message')
  client.terminate()
  expect(heard).toEqual(texts)
})
