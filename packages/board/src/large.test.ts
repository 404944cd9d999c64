import * as contract from '@wealist/contract/board'
import { routesOf } from '@wealist/contract/route'
import { type BoardService, boardService } from '@wealist/dev/testing/board-service'
import { type Ids, requestOf } from '@wealist/dev/testing/examples'
import { newId } from '@wealist/kit/ids'
import type { Asked } from '@wealist/dev/testing/statements'
import { s3Env, s3World, type S3World } from '@wealist/dev/testing/s3-world'
import { afterAll, beforeAll, expect, test } from 'vitest'

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

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  Plans?: Plan[]
}
const scansOf = (plan: Plan): string[] => [
  ...(plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name']!] : []),
  ...(plan.Plans ?? []).flatMap(scansOf),
]
/** The tables that a statement would read from end to end. */
const wholeTables = async ({ text, values }: Asked) => {
  const [row] = await service.rows<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (format json) ${text}`, values)
  return scansOf(row!['QUERY PLAN'][0].Plan)
}

const reads = routesOf('board', contract).filter(({ route }) => route.method === 'GET')
/** What is read besides the thing itself. */
const more: Record<string, number> = { 'events.list': 2, 'joinRequests.list': 2 }

const read = async (named: (typeof reads)[number], ids: Ids) => {
  const { path, init } = requestOf(named, ids)
  const url = new URL(service.url + path)
  if (named.route.query && 'limit' in named.route.query.shape) url.searchParams.set('limit', '100')
  service.statements.length = 0
  const response = await fetch(url, { ...init, headers: service.headersOf(service.people.alice) })
  const text = await response.text()
  expect(response.status, text).toBeLessThan(400)
  const statements = [...service.statements]
  return { statements, items: text.startsWith('{') ? (JSON.parse(text) as { items?: unknown[] }).items : undefined }
}

test.each(reads.map((named) => [named.name, named] as const))(
  '%s of a large project: a bounded page, as many statements as of a small one, by indexes',
  async (name, named) => {
    // Where things lie is asked once a process.
    for (const ids of [small, large]) await read(named, ids)
    const few = await read(named, small)
    const many = await read(named, large)
    expect(few.statements).toHaveLength(more[name] ?? 1)
    expect(many.statements).toHaveLength(more[name] ?? 1)
    if (many.items) expect(many.items.length).toBeLessThanOrEqual(100)
    for (const statement of many.statements) expect(await wholeTables(statement), statement.text).toEqual([])
  },
)
