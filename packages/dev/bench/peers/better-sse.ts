// better-sse: a channel a topic, to which what Redis brings is broadcast.
import { createServer } from 'node:http'
import { type Channel, createChannel, createSession } from 'better-sse'
import { Redis } from 'ioredis'

const subscriber = new Redis(process.env['REDIS_URL']!)
const channels = new Map<string, Channel>()
const server = createServer(async (request, response) => {
  const topic = new URL(request.url!, 'http://here').searchParams.get('topic')
  if (!topic) return response.end('here')
  let channel = channels.get(topic)
  if (!channel) {
    channels.set(topic, (channel = createChannel()))
    void subscriber.subscribe(topic)
  }
  channel.register(await createSession(request, response))
})
subscriber.on('message', (topic, text) => void channels.get(topic)?.broadcast(JSON.parse(text), 'notification'))
server.listen(Number(process.env['PORT']), '127.0.0.1')
