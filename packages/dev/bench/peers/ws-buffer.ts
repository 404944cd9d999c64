// The limit: a ready frame is written to each socket, and nothing else is done.
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { Redis } from 'ioredis'
import { WebSocketServer } from 'ws'

const subscriber = new Redis(process.env['REDIS_URL']!)
const topics = new Map<string, Set<Duplex>>()
const server = createServer((_, response) => response.end('here'))
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, () => {
    const topic = new URL(request.url!, 'http://here').searchParams.get('topic')!
    let all = topics.get(topic)
    if (!all) {
      topics.set(topic, (all = new Set()))
      void subscriber.subscribe(topic)
    }
    all.add(socket)
    socket.on('close', () => all.delete(socket))
  })
})
subscriber.on('message', (topic, text) => {
  const length = Buffer.byteLength(text)
  const frame = Buffer.allocUnsafe(4 + length)
  frame.writeUInt16BE(0x81_7e, 0)
  frame.writeUInt16BE(length, 2)
  frame.write(text, 4)
  for (const socket of topics.get(topic) ?? []) socket.write(frame)
})
server.listen(Number(process.env['PORT']), '127.0.0.1')
