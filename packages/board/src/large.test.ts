import * as contract from '@wealist/contract/board'
import { routesOf } from '@wealist/contract/route'
import { type BoardService, boardService } from '@wealist/dev/testing/board-service'
import { type Ids, requestOf } from '@wealist/dev/testing/examples'
import { newId } from '@wealist/kit/ids'
import type { Asker } from '@wealist/dev/testing/one-service'
import { attach } from '@wealist/dev/testing/attach'
import { s3Env, s3World, type S3World } from '@wealist/dev/testing/s3-world'
import { wholeTables as readWhole } from '@wealist/dev/testing/whole-tables'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { follow } from './directory.ts'
import { jobs } from './jobs.ts'

let service: BoardService
let s3: S3World
let small: Ids
let large: Ids

// Much of everything, elsewhere too: without that no index would be worth its use.
const others = `insert into projects (id, workspace_id, name, visibility, created_by)
    select gen_random_uuid(), $1, 'p' || n, 'workspace', gen_random_uuid() from generate_series(1, 200) n`
const fillers = [
  `insert into boards (id, project_id, name, color, rank)
    select gen_random_uuid(), p.id, 'b' || n, '#123456', 'z' || n from projects p, generate_series(1, 3) n`,
  `insert into project_members (project_id, user_id, role)
    select p.id, gen_random_uuid(), 'member' from projects p, generate_series(1, 12)`,
  `insert into tasks (id, project_id, board_id, title, priority, status, rank, created_by, deleted_at)
    select gen_random_uuid(), b.project_id, b.id, 'task ' || n, 'low', 'todo', 'z' || n, gen_random_uuid(),
      case when n % 10 = 0 then now() end from boards b, generate_series(1, 20) n`,
  `insert into labels (id, project_id, name, color)
    select gen_random_uuid(), p.id, 'l' || n, '#123456' from projects p, generate_series(1, 10) n`,
  `insert into fields (id, project_id, name, type, rank)
    select gen_random_uuid(), p.id, 'f' || n, 'text', 'z' || n from projects p, generate_series(1, 5) n`,
  `insert into comments (id, task_id, project_id, author_id, author_name, content)
    select gen_random_uuid(), t.id, t.project_id, gen_random_uuid(), 'Somebody', 'said' from tasks t`,
  `insert into checklist_items (id, task_id, project_id, title, rank)
    select gen_random_uuid(), t.id, t.project_id, 'item', 'a0' from tasks t`,
  `insert into attachments (id, task_id, project_id, key, name, content_type, size, created_by, confirmed_at)
    select gen_random_uuid(), t.id, t.project_id, 'k' || t.id, 'file', 'text/plain', 1, gen_random_uuid(), now() from tasks t`,
  `insert into join_requests (id, project_id, user_id)
    select gen_random_uuid(), p.id, gen_random_uuid() from projects p, generate_series(1, 10)`,
  `insert into reminders (task_id, due_date) select id, now() from tasks`,
  `insert into kit.events (topic, seq, type, payload)
    select 'project:' || p.id, n, 'project.deleted', json_build_object('id', p.id)::text from projects p, generate_series(1001, 1050) n`,
]
// After all that is filled by project.
const crowd = [
  `insert into projects (id, workspace_id, name, visibility, created_by)
    select gen_random_uuid(), gen_random_uuid(), 'q' || n, 'workspace', gen_random_uuid() from generate_series(1, 5000) n`,
  `insert into kit.heads (topic) select 'project:' || id from projects on conflict do nothing`,
]
const ofLarge = [
  [
    `insert into tasks (id, project_id, board_id, title, priority, status, rank, created_by, deleted_at)
    select gen_random_uuid(), $1, $2, 'large ' || n, 'low', 'todo', 'b' || lpad(n::text, 6, '0'), gen_random_uuid(),
      case when n > 5000 then now() end from generate_series(1, 5500) n`,
    'project',
    'board',
  ],
  [
    `insert into comments (id, task_id, project_id, author_id, author_name, content)
    select gen_random_uuid(), $2, $1, gen_random_uuid(), 'Somebody', 'said' from generate_series(1, 200)`,
    'project',
    'task',
  ],
  [
    `insert into project_members (project_id, user_id, role) select $1, gen_random_uuid(), 'member' from generate_series(1, 50)`,
    'project',
  ],
  [
    `insert into join_requests (id, project_id, user_id) select gen_random_uuid(), $1, gen_random_uuid() from generate_series(1, 300)`,
    'project',
  ],
  [
    `insert into labels (id, project_id, name, color)
    select gen_random_uuid(), $1, 'large ' || n, '#123456' from generate_series(1, 100) n`,
    'project',
  ],
  [
    `insert into fields (id, project_id, name, type, rank)
    select gen_random_uuid(), $1, 'large ' || n, 'text', 'b' || n from generate_series(1, 30) n`,
    'project',
  ],
  [
    `insert into checklist_items (id, task_id, project_id, title, rank)
    select gen_random_uuid(), $2, $1, 'item ' || n, 'b' || lpad(n::text, 6, '0') from generate_series(1, 100) n`,
    'project',
    'task',
  ],
  [
    `insert into attachments (id, task_id, project_id, key, name, content_type, size, created_by, confirmed_at)
    select gen_random_uuid(), $2, $1, gen_random_uuid()::text, 'file', 'text/plain', 1, gen_random_uuid(), now()
      from generate_series(1, 50)`,
    'project',
    'task',
  ],
  [
    `update tasks set label_ids = array(select id from labels where project_id = $1 order by name limit 3)
      where project_id = $1`,
    'project',
  ],
] as const

const idsOf = async (): Promise<Ids> => {
  const { id, boards } = await service.project()
  const board = boards[0]!.id
  const task = await service.as(service.people.alice)(contract.tasks.create, {
    params: { id: board },
    body: { title: 'one' },
  })
  const attachment = newId()
  await service.rows(
    `insert into attachments (id, task_id, project_id, key, name, content_type, size, created_by, confirmed_at)
      values ($1, $2, $3, $4, 'file', 'text/plain', 1, $5, now())`,
    [attachment, task.id, id, `board/${attachment}`, service.people.alice.id],
  )
  return { workspace: service.workspaceId, project: id, openProject: id, board, task: task.id, attachment }
}

beforeAll(async () => {
  s3 = await s3World()
  service = await boardService(s3Env(s3))
  await service.rows(others, [newId()])
  await service.setMember(service.people.mallory.id, 'member')
  for (const filler of [...fillers, ...crowd]) await service.rows(filler)
  small = await idsOf()
  large = await idsOf()
  for (const [statement, ...names] of ofLarge)
    await service.rows(
      statement,
      names.map((name) => large[name]),
    )
  await service.rows('analyze')
}, 120_000)
afterAll(async () => {
  await service.stop()
  await s3.stop()
})

const wholeTables = (work: () => Promise<unknown>) => readWhole(service.running.base.db, work)

const routes = routesOf('board', contract)
/** What is read besides the thing itself. */
const more: Record<string, number> = { 'events.list': 2, 'joinRequests.list': 2 }

const request = async ({ route, ...named }: (typeof routes)[number], ids: Ids, as: Asker = service.people.alice) => {
  const { path, init } = requestOf({ route, ...named }, ids)
  const url = new URL(service.url + path)
  if (route.query && 'limit' in route.query.shape) url.searchParams.set('limit', '100')
  service.statements.length = 0
  const response = await fetch(url, { ...init, headers: { ...init.headers, ...service.headersOf(as) } })
  const text = await response.text()
  expect(response.status, text).toBeLessThan(400)
  const statements = [...service.statements]
  return { statements, items: text.startsWith('{') ? (JSON.parse(text) as { items?: unknown[] }).items : undefined }
}

test.each(routes.filter(({ route }) => route.method === 'GET').map((named) => [named.name, named] as const))(
  '%s of a large project: a bounded page, as many statements as of a small one, by indexes',
  async (name, named) => {
    // Where things lie is asked once a process.
    for (const ids of [small, large]) await request(named, ids)
    expect((await request(named, small)).statements).toHaveLength(more[name] ?? 1)
    const whole = await wholeTables(async () => {
      const many = await request(named, large)
      expect(many.statements).toHaveLength(more[name] ?? 1)
      if (many.items) expect(many.items.length).toBeLessThanOrEqual(100)
    })
    expect(whole).toEqual([])
  },
)

/** One of everything that the contract's examples name. */
const everything = async (): Promise<Ids> => {
  const { alice, bob, vera } = service.people
  const ids = await idsOf()
  const [ask, params, ofTask] = [service.as(alice), { id: ids['project']! }, { id: ids['task']! }]
  const options = [{ name: 'Small' }, { name: 'Large' }]
  const { boards } = await ask(contract.projects.get, { params })
  const label = await ask(contract.labels.create, { params, body: { name: 'Urgent' } })
  const field = await ask(contract.customFields.create, { params, body: { name: 'Size', type: 'select', options } })
  const item = await ask(contract.checklist.create, { params: ofTask, body: { title: 'step' } })
  const comment = await ask(contract.comments.create, { params: ofTask, body: { content: 'said' } })
  const asked = await service.as(vera)(contract.joinRequests.create, { params, body: {} })
  return {
    ...ids,
    ...{ user: alice.id, member: bob.id, otherBoard: boards[1]!.id, label: label.id, field: field.id },
    ...{ checklistItem: item.id, comment: comment.id, projectToJoin: ids['project']!, projectJoinRequest: asked.id },
  }
}

/** Where the example needs something first, or somebody else. */
const particular: Record<string, (ids: Ids) => Promise<{ as?: Asker; ids?: Ids } | void>> = {
  'members.add': async () => ({ ids: { member: service.people.vera.id } }),
  'joinRequests.create': async () => ({ as: service.people.mallory }),
  'joinRequests.withdraw': async () => ({ as: service.people.vera }),
  'tasks.restore': async ({ task }) =>
    service.as(service.people.alice)(contract.tasks.remove, { params: { id: task! } }),
}
test.each(routes.filter(({ route }) => route.method !== 'GET').map((named) => [named.name, named] as const))(
  '%s reads no table from end to end, its foreign keys neither',
  async (name, named) => {
    const ids = await everything()
    const first = await particular[name]?.(ids)
    expect(await wholeTables(() => request(named, { ...ids, ...first?.ids }, first?.as))).toEqual([])
  },
)

test('taking an option from a field and adding a file read no table from end to end', async () => {
  const { project, field, task } = await everything()
  const ask = service.as(service.people.alice)
  const params = { id: project!, fieldId: field! }
  const taken = () => ask(contract.customFields.update, { params, body: { options: [] } })
  expect(await wholeTables(taken)).toEqual([])
  expect(await wholeTables(() => attach(ask, task!))).toEqual([])
})

const old = `now() - interval '31 days'`
const payloadOf = (name: string, ids: Ids) => {
  const by = { actorId: ids['member'], actorName: 'Bob' }
  const [taskId, projectId] = [ids['task'], ids['project']]
  const payloads: Record<string, object> = {
    'ranks.even': { projectId, boardId: ids['board'] },
    'attachment.expire': { id: ids['attachment'], key: 'k' },
    'workspace.end': { workspaceId: newId() },
    'projects.leave': { userId: ids['member'], before: new Date().toISOString() },
    'projects.left': { userId: newId(), workspaceId: ids['workspace'] },
    'values.take': { what: 'label', id: ids['label'], projectId, actorId: ids['user'] },
    'board.move': { projectId, boardId: ids['board'], actorId: ids['user'] },
    'objects.remove': { keys: ['k'] },
    'noti.task': { ...by, taskId, version: 1, assigneeId: ids['user'], completed: true },
    'noti.comment': { ...by, commentId: ids['comment'] },
    'noti.uncomment': { commentId: ids['comment'] },
    'noti.recomment': { commentId: ids['comment'] },
    'noti.invited': { ...by, projectId, userId: ids['user'], role: 'member' },
    'noti.due': { taskId, dueDate: new Date().toISOString() },
  }
  return payloads[name] ?? { at: new Date().toISOString() }
}
// The log's retention is kit's, and asks for each topic there is.
const ours = jobs.filter(({ name }) => name !== 'kit-events')
test.each(ours.map((job) => [job.name, job] as const))(
  'the job %s reads no table from end to end',
  async (name, job) => {
    const { base, deps } = service.running
    const [ids, gone] = [await everything(), await everything()]
    await service.rows(`update tasks set deleted_at = ${old} where id = $1`, [gone['task']])
    await service.rows(`update projects set deleted_at = ${old} where id = $1`, [gone['project']])
    await service.rows(`update tasks set due_date = now() + interval '1 hour' where id = $1`, [ids['task']])
    const run = { id: '1', attempt: 1, signal: new AbortController().signal, lease: async () => undefined }
    const ctx = { ...base, ...deps, tx: base.db.tx, job: run }
    const handle = async () => job.handler(ctx as never, job.schema.parse(payloadOf(name, ids)) as never)
    expect(await wholeTables(handle)).toEqual([])
  },
)

test.each(['workspace.deleted', 'person.deleted', 'member.changed'])(
  'a directory’s %s reads no table from end to end',
  async (type) => {
    const payload = { workspaceId: newId(), userId: newId(), role: null }
    const told = () => service.running.base.db.tx((tx) => follow(tx, { type, payload } as never))
    expect(await wholeTables(told)).toEqual([])
  },
)
