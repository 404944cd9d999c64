import { bench } from './bench.ts'
import type { Contestant } from './compare.ts'
import { openLab, type Started } from './lab.ts'
import { type HttpLoad, httpLoad } from './load.ts'
import { headersOf, newPerson } from './people.ts'
import { pgbench } from './pgbench.ts'
import { run, seedBoards, seedWorkspace, settle } from './seeded.ts'

const boards = 32
const connections = 64
const figures = { requests: 'changes a second', cpu: 'µs of CPU a change', p50: 'ms', p99: 'ms' }

/** What a change writes, as one transaction: the row, its event with the topic's head, the job. */
const script = (board: { id: string; projectId: string }, userId: string) => `begin;
select m.role from projects p join project_members m on m.project_id = p.id and m.user_id = '${userId}' where p.id = '${board.projectId}' for share of m;
select from boards where id = '${board.id}' for no key update;
select rank from tasks where board_id = '${board.id}' and deleted_at is null order by rank desc limit 1;
insert into tasks (id, project_id, board_id, title, priority, status, rank, created_by) values (gen_random_uuid(), '${board.projectId}', '${board.id}', 'A task', 'medium', 'todo', 'z' || gen_random_uuid(), '${userId}') returning *;
insert into kit.outbox (task, payload) values ('noti.none', '{}');
with h as (insert into kit.heads as h (topic, head) values ('project' || ':' || '${board.projectId}', 1) on conflict (topic) do update set head = h.head + 1 returning head)
insert into kit.events (topic, seq, type, payload, actor_id) select 'project' || ':' || '${board.projectId}', head, 'task.created', repeat('x', 700), '${userId}' from h;
commit;`

export default bench({
  name: 'write',
  title: 'Changing a board, with event, job and live message, over 64 connections',
  run: async (measure, { seconds }) => {
    const lab = await openLab()
    const [alice, bob] = [newPerson(), newPerson()]
    const { workspaceId } = await seedWorkspace(lab, 0)
    for (const { id } of [alice, bob]) await lab.workspaces.set(workspaceId, id, 'member')
    const seed = () => seedBoards(lab, { workspaceId, ownerId: alice.id, boards, tasks: 30 })
    // pgbench has its own: it cannot compute ranks.
    const [seeded, others] = [await seed(), await seed()]
    await settle(lab.databases.board)
    const tasks = (await run(lab.databases.board, 'select id, board_id as board from tasks')) as {
      id: string
      board: string
    }[]
    const ours = await lab.service('board', { RATE_LIMIT: '0', LOG_LEVEL: 'warn' })
    const peer = await lab.peer('fastify', { BOARD_URL: lab.databases.board, CHAT_URL: lab.databases.chat })
    const load = (server: Started, requests: { method: string; path: string; body: object }[]) => async () => {
      const headers = { ...headersOf(alice), 'x-user': alice.id, 'content-type': 'application/json' }
      const all: HttpLoad['requests'] = requests.map((r) => ({ ...r, headers, body: JSON.stringify(r.body) }))
      return httpLoad(server, { url: server.url, connections, seconds, requests: all })
    }
    const against = (requests: { method: string; path: string; body: object }[]): Contestant[] => [
      { name: 'weAlist', kind: 'ours', round: load(ours, requests) },
      { name: 'Fastify + pg', kind: 'peer', round: load(peer, requests) },
    ]
    const goals = [{ figure: 'requests', of: 'weAlist', over: 'Fastify + pg', least: 1 }]

    await measure({
      title: 'moving a task within its board',
      figures,
      goals,
      contestants: against(
        tasks.map(({ id, board }, i) => ({
          ...{ method: 'PUT', path: `/api/tasks/${id}/move` },
          body: { targetBoardId: board, position: (i * 7) % 29 },
        })),
      ),
    })
    await measure({
      title: 'making a task for somebody, who is told by a job (ours runs the jobs, too)',
      figures,
      goals,
      contestants: [
        ...against(
          seeded.map(({ id }) => ({
            ...{ method: 'POST', path: `/api/boards/${id}/tasks` },
            body: { title: 'A task', assigneeId: bob.id },
          })),
        ),
        ...pgbench(lab, { database: 'board', seconds, script: others.map((board) => script(board, alice.id)) }),
      ],
    })
    await lab.stop()
  },
})
