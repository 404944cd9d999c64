// socket.io with its Redis adapter: a room a topic, what is emitted anywhere reaches the room everywhere.
import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'

const publisher = new Redis(process.env['REDIS_URL']!)
const subscriber = publisher.duplicate()
const server = createServer((_, response) => response.end('here'))
const io = new Server(server, {
  adapter: createAdapter(publisher, subscriber),
  transports: ['websocket'],
  perMessageDeflate: false,
})
io.on('connection', (socket) => void socket.join(String(socket.handshake.query['topic'])))
server.listen(Number(process.env['PORT']), '127.0.0.1')
