import { setTimeout } from 'node:timers/promises'
import { bench } from './bench.ts'
import type { Contestant, Figures } from './compare.ts'
import { type Lab, openLab, type Started } from './lab.ts'
import { listen, type Listen } from './listeners.ts'
import { headersOf, type Person } from './people.ts'
import { seedRooms, seedWorkspace } from './seeded.ts'

const sockets = 9500
const perRoom = 10
/** Milliseconds after which a quiet service has given back what it does not need (kit/give-back.ts). */
const untilGivenBack = 36_000

interface Server extends Pick<Contestant, 'name' | 'kind'> {
  start(): Promise<Started>
  client(server: Started, i: number): Listen
}

// New processes each round: what memory one has been given it seldom gives back. All at once, because each waits.
const round = async (servers: readonly Server[]) => {
  const started = await Promise.all(servers.map(async (server) => ({ ...server, process: await server.start() })))
  const each = <T>(ask: (process: Started) => Promise<T>) => Promise.all(started.map(({ process }) => ask(process)))
  await setTimeout(untilGivenBack)
  const before = await each((process) => process.usage('memory'))
  const clients = []
  for (const { process, client } of started)
    clients.push(await listen(Array.from({ length: sockets }, (_, i) => client(process, i))))
  await setTimeout(untilGivenBack)
  const after = await each((process) => process.usage('memory'))
  await setTimeout(3000)
  const later = await each((process) => process.usage())
  await Promise.all(clients.map((those) => those.stop()))
  await each((process) => process.stop())
  const of = (i: number): Figures => ({
    memory: (after[i]!.memory - before[i]!.memory) / sockets / 1024,
    cpu: (later[i]!.cpu - after[i]!.cpu) / 3000,
  })
  return new Map(started.map(({ name }, i) => [name, of(i)]))
}

const together = (servers: readonly Server[]): Contestant[] => {
  let found = new Map<string, Figures>()
  const take = async (name: string) => {
    if (!found.has(name)) found = await round(servers)
    const figures = found.get(name)!
    found.delete(name)
    return figures
  }
  return servers.map(({ name, kind }) => ({ name, kind, round: () => take(name) }))
}

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
      contestants: together([
        { name: 'weAlist', kind: 'ours', start: () => lab.service('chat'), client: mine },
        {
          ...{ name: 'socket.io', kind: 'peer', start: () => lab.peer('socketio') },
          client: ({ url }, i) => ({
            kind: 'socket',
            url: `${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket&topic=${Math.floor(i / perRoom)}`,
            first: '40',
          }),
        },
        { name: 'ws', kind: 'limit', start: () => lab.peer('ws-loop'), client: byTopic },
      ]),
      goals: [{ figure: 'memory', of: 'weAlist', over: 'ws', most: 1.3 }],
    })
    await lab.stop()
  },
})
