import { Emitter } from '@socket.io/redis-emitter'
import { channelOf, encode, passing } from '@wealist/kit/live/frame'
import { Redis } from 'ioredis'
import { bench } from './bench.ts'
import { fanOut, fanOutFigures, type FanOut } from './fan-out.ts'
import { type Lab, openLab, type Started } from './lab.ts'
import { headersOf } from './people.ts'
import { seedRooms, seedWorkspace } from './seeded.ts'

const ws = ({ url }: Started) => url.replace('http', 'ws')

/** Two of each, over one Redis; what is said comes from a third process, as from another pod. */
const contestants = async (lab: Lab, members: { id: string; sid: string }[]): Promise<FanOut[]> => {
  const redis = new Redis(lab.redis)
  lab.keep({ stop: async () => redis.disconnect() })
  const emitter = new Emitter(redis)
  const two = (start: () => Promise<Started>) => Promise.all([start(), start()])
  const byTopic = (name: string, kind: FanOut['kind'], servers: Started[]): FanOut => ({
    ...{ name, kind, servers },
    client: (server, topic) => ({ kind: 'socket', url: `${ws(server)}/?topic=${kind}-${topic}` }),
    say: (topic, text) => redis.publish(`${kind}-${topic}`, text),
  })
  return [
    {
      name: 'weAlist',
      kind: 'ours',
      servers: await two(() => lab.service('chat')),
      client: (server, topic, i) => ({
        kind: 'socket',
        url: `${ws(server)}/api/chats/ws/${topic}`,
        headers: headersOf(members[i % members.length]!),
        first: '{"type":"resume","payload":{}}',
        beat: '{"type":"ping"}',
      }),
      say: (topic, text) => {
        const frame = passing(`room:${topic}`, 'typing', JSON.parse(text) as object)
        return redis.publish(`wealist:${channelOf('chat', frame.topic)}`, encode(frame))
      },
    },
    {
      name: 'socket.io + Redis adapter',
      kind: 'peer',
      servers: await two(() => lab.peer('socketio')),
      client: (server, topic) => ({
        kind: 'socket',
        url: `${ws(server)}/socket.io/?EIO=4&transport=websocket&topic=${topic}`,
        first: '40',
      }),
      say: (topic, text) => emitter.to(topic).emit('typing', JSON.parse(text)),
    },
    byTopic('ws + ioredis, a loop', 'peer', await two(() => lab.peer('ws-loop'))),
    byTopic('ws, a ready buffer', 'limit', await two(() => lab.peer('ws-buffer'))),
  ]
}

export default bench({
  name: 'chat-fan-out',
  title: 'A message on its way to all who are in a room: two processes, one Redis',
  run: async (measure, { seconds }) => {
    const lab = await openLab()
    const { workspaceId, members } = await seedWorkspace(lab, 200)
    const rooms = await seedRooms(lab, { workspaceId, members, rooms: 200, messages: 0 })
    const all = await contestants(lab, members)
    for (const { title, topics, each, rate } of [
      { title: '1 room × 1,000 sockets, 20 messages a second', topics: rooms.slice(0, 1), each: 1000, rate: 20 },
      { title: '200 rooms × 10 sockets, 1,000 messages a second', topics: rooms, each: 10, rate: 1000 },
    ]) {
      const made = all.map((one) => fanOut({ topics, each, rate, seconds }, one))
      await measure({
        title,
        figures: fanOutFigures,
        contestants: made,
        goals: [
          { figure: 'throughput', of: 'weAlist', over: 'socket.io + Redis adapter', least: 2 },
          { figure: 'throughput', of: 'weAlist', over: 'ws, a ready buffer', least: 0.8 },
          { figure: 'capacity', of: 'weAlist', over: 'socket.io + Redis adapter', least: 2 },
          { figure: 'capacity', of: 'weAlist', over: 'ws, a ready buffer', least: 0.8 },
          { figure: 'p99', of: 'weAlist', over: 'socket.io + Redis adapter', most: 1 },
          { figure: 'p99', of: 'weAlist', over: 'ws + ioredis, a loop', most: 1 },
        ],
      })
      for (const one of made) await one.stop()
    }
    await lab.stop()
  },
})
