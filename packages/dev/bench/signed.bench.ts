import { bench } from './bench.ts'
import { openLab } from './lab.ts'
import { httpLoad } from './load.ts'
import { audience, issuer } from './people.ts'
import { seedBoards, seedWorkspace, settle } from './seeded.ts'
import { openTokens } from './tokens.ts'

export default bench({
  name: 'signed',
  title: 'What it costs to know who asks, that they may, and how often they have',
  run: async (measure, { seconds }) => {
    const lab = await openLab()
    const tokens = lab.keep(await openTokens())
    const { workspaceId, members } = await seedWorkspace(lab, 50)
    const [board] = await seedBoards(lab, { workspaceId, ownerId: members[0]!.id, boards: 20, tasks: 50 })
    await settle(lab.databases.board)
    const server = await lab.peer(
      'reads',
      {
        ...lab.environment('board'),
        AUTH_MODE: 'jwks',
        AUTH_JWKS_URL: tokens.url,
        AUTH_ISSUER: issuer,
        AUTH_AUDIENCE: audience,
        LOG_LEVEL: 'warn',
      },
      '/health/ready',
    )
    const load = (path: string, signed: boolean) => async () => {
      const requests = await Promise.all(
        members.map(async (person) => ({
          ...{ method: 'GET', path },
          ...(signed && { headers: { authorization: `Bearer ${await tokens.sign(person)}` } }),
        })),
      )
      return httpLoad(server, { url: server.url, connections: 64, seconds, requests })
    }
    await measure({
      title: 'the 50 tasks of a board, asked for by 50 people',
      figures: { requests: 'answers a second', cpu: 'µs of CPU an answer', p50: 'ms', p99: 'ms' },
      contestants: [
        {
          name: 'token, membership and limit',
          kind: 'ours',
          round: load(`/api/boards/${board!.id}/tasks`, true),
        },
        { name: 'for anybody', kind: 'limit', round: load(`/api/open/boards/${board!.id}/tasks`, false) },
      ],
      goals: [{ figure: 'requests', of: 'token, membership and limit', over: 'for anybody', least: 0.85 }],
    })
    await lab.stop()
  },
})
