import { newId } from '@wealist/kit/ids'
import pg from 'pg'
import { bench } from './bench.ts'
import type { Figures } from './compare.ts'
import { type Lab, openLab } from './lab.ts'
import { run } from './load.ts'
import { headersOf } from './people.ts'
import { run as query, seedRooms, seedWorkspace, settle } from './seeded.ts'
import type { SteadyLoad } from './steady-load.ts'

const rate = 200
const ours = ['weAlist', 'weAlist, old snapshot open'] as const

/** A room of ten people, in a PostgreSQL of its own. */
const openRoom = async (seconds: number) => {
  const lab = await openLab()
  const { workspaceId, members } = await seedWorkspace(lab, 10)
  const [room] = await seedRooms(lab, { workspaceId, members, rooms: 1, messages: 20 })
  await settle(lab.databases.chat)
  const { url } = await lab.service('chat', { LOG_LEVEL: 'warn' })
  const standing = async () => {
    const [row] = await query(
      lab.databases.chat,
      `select head::int, n_dead_tup::int as versions from kit.heads
        join pg_stat_user_tables on relid = 'kit.heads'::regclass where topic = $1`,
      [`room:${room}`],
    )
    return row as { head: number; versions: number }
  }
  const round = async (): Promise<Figures> => {
    const load: SteadyLoad = {
      ...{ url, rate },
      requests: Array.from({ length: rate * (seconds + 1) }, (_, i) => ({
        ...{ method: 'POST', path: `/api/chats/${room}/messages` },
        headers: { ...headersOf(members[i % members.length]!), 'content-type': 'application/json' },
        body: JSON.stringify({ clientId: newId(), content: 'Something that somebody says where everybody talks.' }),
      })),
    }
    const before = await standing()
    const figures = await run<Figures>('steady-load.ts', load)
    const { head, versions } = await standing()
    const stored = head - before.head
    if (stored !== load.requests.length) throw new Error(`${stored} of ${load.requests.length} messages are in the log`)
    return { ...figures, versions }
  }
  return { lab, round }
}

/** As a dump does, or a session that somebody forgot: nothing that changes from here on can be cleared away. */
const keepSnapshot = async ({ databases, keep }: Lab) => {
  const options = '-c idle_in_transaction_session_timeout=0 -c transaction_timeout=0'
  const client = new pg.Client({ connectionString: databases.chat, options })
  await client.connect()
  keep({ stop: () => client.end() })
  await client.query('begin isolation level repeatable read; select count(*) from kit.heads')
}

export default bench({
  name: 'one-topic',
  title: '200 messages a second in one room',
  run: async (measure, { seconds }) => {
    // Of 800 answers the p99 would be the eighth from the last.
    const longer = seconds * 3
    const rooms = [await openRoom(longer), await openRoom(longer)]
    await keepSnapshot(rooms[1]!.lab)
    await measure({
      title: 'a message, until it is stored and answered',
      figures: { p99: 'ms', p50: 'ms', requests: 'messages a second', versions: 'of the head, kept' },
      contestants: [
        ...ours.map((name, i) => ({ name, kind: 'ours' as const, round: rooms[i]!.round })),
        { name: 'the goal', kind: 'limit', round: async () => ({ p99: 50 }) },
      ],
      goals: ours.map((of) => ({ figure: 'p99', of, over: 'the goal', most: 1 })),
    })
    for (const { lab } of rooms) await lab.stop()
  },
})
