import { bench } from './bench.ts'
import type { Contestant, Figures } from './compare.ts'
import type { JobsLoad } from './jobs-load.ts'
import { openLab } from './lab.ts'
import { run } from './load.ts'
import { newPerson } from './people.ts'
import { run as query, seedBoards, seedWorkspace, settle } from './seeded.ts'

const connections = 10

export default bench({
  name: 'jobs',
  title: `Adding a job to a change, over the ${connections} connections of a pool`,
  run: async (measure, { seconds }) => {
    const lab = await openLab()
    const url = lab.databases.board
    const { workspaceId } = await seedWorkspace(lab, 0)
    await seedBoards(lab, { workspaceId, ownerId: newPerson().id, boards: connections, tasks: 1 })
    await settle(url)
    const tasks = (await query(url, 'select id, project_id as "projectId" from tasks')) as JobsLoad['tasks']
    const changes = (name: string, kind: Contestant['kind'], adds: JobsLoad['adds']): Contestant => ({
      ...{ name, kind },
      round: () => run<Figures>('jobs-load.ts', { url, tasks, seconds, adds } satisfies JobsLoad),
    })
    await measure({
      title: 'changing a task, with its event',
      figures: { commits: 'a second', ran: 'jobs run a second' },
      contestants: [
        changes('with a job', 'ours', 'elsewhere'),
        changes('with a job, run here', 'ours', 'here'),
        changes('with add_job', 'peer', 'directly'),
        changes('without', 'limit', 'nothing'),
      ],
      goals: [{ figure: 'commits', of: 'with a job', over: 'without', least: 0.8 }],
    })
    await lab.stop()
  },
})
