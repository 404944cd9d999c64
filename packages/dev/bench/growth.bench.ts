import { bench } from './bench.ts'
import { openLab } from './lab.ts'
import { httpLoad } from './load.ts'
import { headersOf, newPerson } from './people.ts'
import { fill, seedBoards, seedRooms, seedWorkspace, settle } from './seeded.ts'

const sizes = [1_000, 100_000, 5_000_000]
const figures = { requests: 'answers a second', cpu: 'µs of CPU an answer', p50: 'ms', p99: 'ms' }
const called = (rows: number) => `${rows.toLocaleString('en')} rows`

const grown = async (rows: number) => {
  const lab = await openLab()
  const reader = newPerson()
  const { workspaceId } = await seedWorkspace(lab, 0)
  await lab.workspaces.set(workspaceId, reader.id, 'member')
  const [board] = await seedBoards(lab, { workspaceId, ownerId: reader.id, boards: 10, tasks: 50 })
  const [room] = await seedRooms(lab, { workspaceId, members: [reader], rooms: 5, messages: 100 })
  await fill(lab, rows)
  await Promise.all([settle(lab.databases.board), settle(lab.databases.chat)])
  const quiet = { RATE_LIMIT: '0', LOG_LEVEL: 'warn' }
  const [boards, chats] = [await lab.service('board', quiet), await lab.service('chat', quiet)]
  return { rows, lab, reader, workspaceId, board, room, boards, chats }
}
type Grown = Awaited<ReturnType<typeof grown>>

/** The same reads of the same small project and room, while what others have grows around them. */
export default bench({
  name: 'growth',
  title: 'Reading a page of 50 among 1,000, 100,000 and 5,000,000 tasks and messages',
  run: async (measure, { seconds }) => {
    const labs: Grown[] = []
    for (const rows of sizes) labs.push(await grown(rows))
    const reads = [
      {
        title: 'the 50 tasks of a board',
        of: 'boards',
        path: (l: Grown) => `/api/boards/${l.board!.id}/tasks`,
      },
      {
        title: 'the last 50 messages of a room',
        of: 'chats',
        path: (l: Grown) => `/api/chats/${l.room}/messages`,
      },
      {
        title: 'the projects of a workspace',
        of: 'boards',
        path: (l: Grown) => `/api/projects?workspaceId=${l.workspaceId}`,
      },
    ] as const
    for (const { title, of, path } of reads)
      await measure({
        title,
        figures,
        contestants: labs.map((l) => ({
          name: called(l.rows),
          kind: 'ours',
          round: () => {
            const requests = [{ method: 'GET', path: path(l), headers: headersOf(l.reader) }]
            return httpLoad(l[of], { url: l[of].url, connections: 16, seconds, requests })
          },
        })),
        goals: [{ figure: 'p50', of: called(sizes.at(-1)!), over: called(sizes[0]!), most: 1.5 }],
      })
    for (const { lab } of labs) await lab.stop()
  },
})
