import { newId } from '@wealist/kit/ids'
import pg from 'pg'
import type { Lab } from './lab.ts'
import { newPerson } from './people.ts'

/** One statement on a service's own database. */
export const run = async (url: string, statement: string, values: unknown[] = []) => {
  const client = new pg.Client({ connectionString: url, options: '-c statement_timeout=0 -c transaction_timeout=0' })
  await client.connect()
  try {
    return (await client.query(statement, values)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

/** A workspace with these many people in it. */
export const seedWorkspace = async ({ workspaces }: Lab, people: number) => {
  const workspaceId = newId()
  const members = Array.from({ length: people }, newPerson)
  for (const { id } of members) await workspaces.set(workspaceId, id, 'member')
  return { workspaceId, members }
}

/** Projects of a workspace, owned by `ownerId`, each with one board of `tasks` tasks; gives the boards. */
export const seedBoards = async (
  { databases }: Lab,
  { workspaceId, ownerId, boards, tasks }: { workspaceId: string; ownerId: string; boards: number; tasks: number },
) => {
  const rows = await run(
    databases.board,
    `with p as (
        insert into projects (id, workspace_id, name, description, visibility, created_by)
        select gen_random_uuid(), $1, 'Project ' || n, 'What the team does next, and why.', 'workspace', $2 from generate_series(1, $3::int) n
        returning id
      ), m as (insert into project_members (project_id, user_id, role) select id, $2, 'owner' from p)
      insert into boards (id, project_id, name, color, rank) select gen_random_uuid(), id, 'To do', '#2f6feb', 'a0' from p
      returning id, project_id as "projectId"`,
    [workspaceId, ownerId, boards],
  )
  const made = rows as { id: string; projectId: string }[]
  await run(
    databases.board,
    `insert into tasks (id, project_id, board_id, title, description, priority, status, due_date, assignee_id, rank, created_by)
      select gen_random_uuid(), b.project_id, b.id, 'Task ' || n || ' of the board', repeat('What is to be done, and by when. ', 4),
        (array['low','medium','high','urgent'])[1 + n % 4], (array['todo','in_progress','done'])[1 + n % 3], now() + n * interval '1 hour', $1, 'a' || lpad(n::text, 6, '0') || 'V', $1
      from boards b cross join generate_series(1, $2::int) n where b.id = any($3::uuid[])`,
    [ownerId, tasks, made.map((b) => b.id)],
  )
  return made
}

/** Rooms of a workspace in which all of these people are, each with `messages` messages. */
export const seedRooms = async (
  { databases }: Lab,
  {
    workspaceId,
    members,
    rooms,
    messages,
  }: { workspaceId: string; members: readonly { id: string }[]; rooms: number; messages: number },
) => {
  const ids = members.map((m) => m.id)
  const made = (await run(
    databases.chat,
    `with r as (
        insert into rooms (id, workspace_id, type, name, created_by)
        select gen_random_uuid(), $1, 'group', 'Room ' || n, $2 from generate_series(1, $3::int) n returning id
      ), p as (
        insert into participants (room_id, user_id, workspace_id, role) select r.id, u, $1, 'member' from r cross join unnest($4::uuid[]) u
      )
      insert into kit.heads (topic, head) select 'room:' || id, $5::int from r returning substr(topic, 6) as id`,
    [workspaceId, ids[0], rooms, ids, messages],
  )) as { id: string }[]
  await run(
    databases.chat,
    `insert into messages (id, room_id, seq, client_id, sender_id, sender_name, type, content)
      select gen_random_uuid(), r, n, gen_random_uuid(), $1, 'Somebody', 'text', 'A message of an ordinary length, number ' || n
      from unnest($2::uuid[]) r cross join generate_series(1, $3::int) n`,
    [ids[0], made.map((r) => r.id), messages],
  )
  return made.map((r) => r.id)
}

/** After many rows: what planners and indexes need to know. */
export const settle = (url: string) => run(url, 'vacuum analyze')

const portion = 100_000
const words = `(array['plan','ship','review','회의','budget','release','design','fix'])`

/** Tasks and messages of other workspaces, this many of each, spread over boards of 500 and rooms of 1,000. */
export const fill = async ({ databases }: Lab, rows: number) => {
  const [boards, rooms] = [Math.ceil(rows / 500), Math.ceil(rows / 1000)]
  await run(
    databases.board,
    `with p as (insert into projects (id, workspace_id, name, visibility, created_by)
        select gen_random_uuid(), gen_random_uuid(), 'Other ' || n, 'workspace', gen_random_uuid() from generate_series(1, $1::int) n returning id)
      insert into boards (id, project_id, name, color, rank) select md5('board' || row_number() over ())::uuid, id, 'To do', '#2f6feb', 'a0' from p`,
    [boards],
  )
  await run(
    databases.chat,
    `insert into rooms (id, workspace_id, type, name, created_by)
      select md5('room' || n)::uuid, gen_random_uuid(), 'group', 'Other ' || n, gen_random_uuid() from generate_series(1, $1::int) n`,
    [rooms],
  )
  // In portions, so that no transaction is as large as all of it.
  for (let from = 0; from < rows; from += portion) {
    const values = [from, Math.min(from + portion, rows) - 1]
    await Promise.all([
      run(
        databases.board,
        `insert into tasks (id, project_id, board_id, title, priority, status, rank, created_by)
          select gen_random_uuid(), b.project_id, b.id, ${words}[1 + n % 8] || ' ' || n, 'medium', 'todo', 'a' || lpad(n::text, 8, '0') || 'V', b.project_id
          from generate_series($1::int, $2::int) n join boards b on b.id = md5('board' || (1 + n / 500))::uuid`,
        values,
      ),
      run(
        databases.chat,
        `insert into messages (id, room_id, seq, client_id, sender_id, sender_name, type, content)
          select gen_random_uuid(), md5('room' || (1 + n / 1000))::uuid, n % 1000 + 1, gen_random_uuid(), null, 'Somebody', 'text', ${words}[1 + n % 8] || ' ' || n
          from generate_series($1::int, $2::int) n`,
        values,
      ),
    ])
  }
}
