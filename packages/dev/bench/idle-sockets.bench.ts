import { setTimeout } from 'node:timers/promises'
import { bench } from './bench.ts'
import type { Contestant } from './compare.ts'
import { type Lab, openLab, type Started } from './lab.ts'
import { listen, type Listen } from './listeners.ts'
import { headersOf, type Person } from './people.ts'
import { seedRooms, seedWorkspace } from './seeded.ts'

const sockets = 9500
const perRoom = 10

// A new process each round: what memory one has been given it seldom gives back.
const idle = (
  { name, kind }: Pick<Contestant, 'name' | 'kind'>,
  start: () => Promise<Started>,
  client: (server: Started, i: number) => Listen,
): Contestant => ({
  ...{ name, kind },
  round: async () => {
    const server = await start()
    // What a start took is given back by then, where it is.
    await setTimeout(5000)
    const before = await server.usage('memory')
    const clients = await listen(Array.from({ length: sockets }, (_, i) => client(server, i)))
    await setTimeout(5000)
    const after = await server.usage('memory')
    await setTimeout(3000)
    const later = await server.usage()
    await clients.stop()
    await server.stop()
    return { memory: (after.memory - before.memory) / sockets / 1024, cpu: (later.cpu - after.cpu) / 3000 }
  },
})

const byTopic = ({ url }: Started, i: number): Listen => ({
  kind: 'socket',
  url: `${url.replace('http', 'ws')}/?topic=${Math.floor(i / perRoom)}`,
})

const ours = async (lab: Lab) => {
  const { workspaceId, members } = await seedWorkspace(lab, 100)
  const rooms = await seedRooms(lab, { workspaceId, members, rooms: sockets / perRoom, messages: 0 })
  const who = (i: number): Person => members[i % members.length]!
  return ({ url }: Started, i: number): Listen => ({
    kind: 'socket',
    url: `${url.replace('http', 'ws')}/api/chats/ws/${rooms[Math.floor(i / perRoom)]}`,
    headers: { ...headersOf(who(i)), 'x-forwarded-for': '203.0.113.7' },
    first: '{"type":"resume","payload":{}}',
    beat: '{"type":"ping"}',
  })
}

export default bench({
  name: 'idle-sockets',
  title: `${sockets.toLocaleString('en')} sockets in one process, ten a room, on which nothing is said`,
  run: async (measure, { rounds }) => {
    const lab = await openLab()
    const mine = await ours(lab)
    await measure({
      title: 'memory of a socket',
      figures: { memory: 'KB a socket', cpu: 'ms of CPU a second' },
      rounds: Math.min(rounds, 5),
      contestants: [
        idle({ name: 'weAlist', kind: 'ours' }, () => lab.service('chat'), mine),
        idle(
          { name: 'socket.io', kind: 'peer' },
          () => lab.peer('socketio'),
          ({ url }, i) => ({
            kind: 'socket',
            url: `${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket&topic=${Math.floor(i / perRoom)}`,
            first: '40',
          }),
        ),
        idle({ name: 'ws', kind: 'limit' }, () => lab.peer('ws-loop'), byTopic),
      ],
      goals: [{ figure: 'memory', of: 'weAlist', over: 'ws', most: 1.3 }],
    })
    await lab.stop()
  },
})
