// ws and ioredis by hand: each message of a topic is sent to each of its sockets in a loop.
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { type WebSocket, WebSocketServer } from 'ws'

const subscriber = new Redis(process.env['REDIS_URL']!)
const topics = new Map<string, Set<WebSocket>>()
const server = createServer((_, response) => response.end('here'))
const sockets = new WebSocketServer({ server, perMessageDeflate: false })
sockets.on('connection', (socket, request) => {
  const topic = new URL(request.url!, 'http://here').searchParams.get('topic')!
  let all = topics.get(topic)
  if (!all) {
    topics.set(topic, (all = new Set()))
    void subscriber.subscribe(topic)
  }
  all.add(socket)
  socket.on('close', () => all.delete(socket))
})
subscriber.on('message', (topic, text) => {
  for (const socket of topics.get(topic) ?? []) socket.send(text)
})
server.listen(Number(process.env['PORT']), '127.0.0.1')
