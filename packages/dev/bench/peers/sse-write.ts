// The limit: a ready buffer is written to each response.
import { createServer, type ServerResponse } from 'node:http'
import { Redis } from 'ioredis'

const subscriber = new Redis(process.env['REDIS_URL']!)
const topics = new Map<string, Set<ServerResponse>>()
const server = createServer((request, response) => {
  const topic = new URL(request.url!, 'http://here').searchParams.get('topic')
  if (!topic) return response.end('here')
  let all = topics.get(topic)
  if (!all) {
    topics.set(topic, (all = new Set()))
    void subscriber.subscribe(topic)
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).flushHeaders()
  all.add(response)
  response.on('close', () => all.delete(response))
})
subscriber.on('message', (topic, text) => {
  const event = Buffer.from(`event: notification\ndata: ${text}\n\n`)
  for (const response of topics.get(topic) ?? []) response.write(event)
})
server.listen(Number(process.env['PORT']), '127.0.0.1')
