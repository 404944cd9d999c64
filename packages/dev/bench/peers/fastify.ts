// The same answers as a developer writes them with Fastify and pg: rows become objects, objects become JSON.
import { randomUUID } from 'node:crypto'
import Fastify from 'fastify'
import { generateKeyBetween } from 'fractional-indexing'
import { Redis } from 'ioredis'
import pg from 'pg'

const board = new pg.Pool({ connectionString: process.env['BOARD_URL'], max: 10 })
const chat = new pg.Pool({ connectionString: process.env['CHAT_URL'], max: 10 })
pg.types.setTypeParser(20, Number)
const app = Fastify()
app.get('/', () => 'here')

const task = `t.id, t.project_id as "projectId", t.board_id as "boardId", t.title, t.description, t.priority, t.status,
  t.due_date as "dueDate", t.assignee_id as "assigneeId", t.label_ids as "labelIds", t.fields, t.watcher_ids as "watcherIds",
  json_build_object('comments', t.comment_count, 'attachments', t.attachment_count, 'checklist', t.checklist_count, 'checklistDone', t.checklist_done) as counts,
  t.rank, t.version, t.created_by as "createdBy", t.created_at as "createdAt", t.updated_at as "updatedAt"`
const project = `p.id, p.workspace_id as "workspaceId", p.name, p.description, p.visibility, p.start_date as "startDate",
  p.due_date as "dueDate", p.created_by as "createdBy", p.version, p.created_at as "createdAt", p.updated_at as "updatedAt"`
const message = `m.id, m.room_id as "chatId", m.seq, m.client_id as "clientId", m.sender_id as "senderId", m.sender_name as "senderName",
  m.type, m.content, m.attachments, m.mentions, null as "replyTo", m.reactions, m.version, m.created_at as "createdAt",
  m.edited_at as "editedAt", m.deleted_at as "deletedAt"`

type Asked = { Params: { id: string }; Querystring: { workspaceId: string }; Headers: { 'x-user': string } }
const seqOf = async (pool: pg.Pool, topic: string) =>
  ((await pool.query('select head from kit.heads where topic = $1', [topic])).rows[0] as { head: number } | undefined)
    ?.head ?? 0

app.get<Asked>('/api/boards/:id/tasks', async ({ params, headers }, reply) => {
  const right = await board.query(
    `select p.id from boards b join projects p on p.id = b.project_id left join project_members m on m.project_id = p.id and m.user_id = $2
      where b.id = $1 and p.deleted_at is null and (m.role is not null or p.visibility = 'workspace')`,
    [params.id, headers['x-user']],
  )
  if (right.rows.length === 0) return reply.code(404).send({ error: 'not found' })
  const [{ rows }, seq] = await Promise.all([
    board.query(
      `select ${task} from tasks t where t.board_id = $1 and t.deleted_at is null order by t.rank, t.id limit 50`,
      [params.id],
    ),
    seqOf(board, `project:${(right.rows[0] as { id: string }).id}`),
  ])
  return { items: rows, nextCursor: null, seq }
})

app.get<Asked>('/api/projects', async ({ query, headers }) => {
  const { rows } = await board.query(
    `select ${project}, coalesce(m.role, 'viewer') as "myRole" from projects p
      left join project_members m on m.project_id = p.id and m.user_id = $2
      where p.workspace_id = $1 and p.deleted_at is null and (p.visibility = 'workspace' or m.role is not null)
      order by p.created_at desc, p.id desc limit 50`,
    [query.workspaceId, headers['x-user']],
  )
  return { items: rows, nextCursor: null }
})

app.get<Asked>('/api/chats/:id/messages', async ({ params, headers }, reply) => {
  const right = await chat.query(
    'select r.id from rooms r join participants p on p.room_id = r.id and p.user_id = $2 where r.id = $1 and r.deleted_at is null',
    [params.id, headers['x-user']],
  )
  if (right.rows.length === 0) return reply.code(404).send({ error: 'not found' })
  const [{ rows }, seq] = await Promise.all([
    chat.query(`select ${message} from messages m where m.room_id = $1 order by m.seq desc limit 50`, [params.id]),
    seqOf(chat, `room:${params.id}`),
  ])
  return { items: rows, nextCursor: null, seq }
})

// The least that can be written: rows alone, for anybody.
app.get<Asked>('/rows/boards/:id/tasks', async ({ params }) => {
  const { rows } = await board.query(
    `select ${task} from tasks t where t.board_id = $1 and t.deleted_at is null order by t.rank, t.id limit 50`,
    [params.id],
  )
  return { items: rows, nextCursor: null, seq: 0 }
})

// A change with its event and its job in one transaction, told to everybody afterwards.
const redis = new Redis(process.env['REDIS_URL']!)
type Change = {
  Params: { id: string }
  Headers: { 'x-user': string }
  Body: { title: string; assigneeId?: string; targetBoardId: string; position: number }
}
const changing = async (
  userId: string,
  boardId: string,
  work: (client: pg.PoolClient, projectId: string) => Promise<{ id: string }>,
  type: string,
) => {
  const client = await board.connect()
  try {
    await client.query('begin')
    const { rows: found } = await client.query('select project_id as "projectId" from boards where id = $1', [boardId])
    const { projectId } = found[0] as { projectId: string }
    const { rows: right } = await client.query(
      `select m.role from projects p join project_members m on m.project_id = p.id and m.user_id = $2 where p.id = $1 and p.deleted_at is null for share of m`,
      [projectId, userId],
    )
    if (right.length === 0) throw new Error('not found')
    await client.query('select from boards where id = $1 for no key update', [boardId])
    const row = await work(client, projectId)
    const { rows: heads } = await client.query(
      `insert into kit.heads as h (topic, head) values ($1, 1) on conflict (topic) do update set head = h.head + 1 returning head`,
      [`project:${projectId}`],
    )
    const { head } = heads[0] as { head: number }
    const payload = JSON.stringify(row)
    await client.query(
      'insert into kit.events (topic, seq, type, payload, actor_id, subject) values ($1, $2, $3, $4, $5, $6)',
      [`project:${projectId}`, head, type, payload, userId, row.id],
    )
    await client.query('commit')
    void redis.publish(`live:project:${projectId}`, `${head}\n${type}\n${payload}`)
    return row
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

app.post<Change>('/api/boards/:id/tasks', async ({ params, headers, body }, reply) => {
  const row = await changing(
    headers['x-user'],
    params.id,
    async (client, projectId) => {
      const { rows: last } = await client.query(
        'select rank from tasks where board_id = $1 and deleted_at is null order by rank desc limit 1',
        [params.id],
      )
      const { rows } = await client.query(
        `insert into tasks as t (id, project_id, board_id, title, priority, status, assignee_id, rank, created_by)
        values ($1, $2, $3, $4, 'medium', 'todo', $5, $6, $7) returning ${task}`,
        [
          randomUUID(),
          projectId,
          params.id,
          body.title,
          body.assigneeId,
          generateKeyBetween((last[0] as { rank: string } | undefined)?.rank ?? null, null),
          headers['x-user'],
        ],
      )
      await client.query(`insert into kit.outbox (task, payload) values ('noti.none', $1)`, [
        JSON.stringify({ taskId: (rows[0] as { id: string }).id }),
      ])
      return rows[0] as { id: string }
    },
    'task.created',
  )
  return reply.code(201).send(row)
})

app.put<Change>('/api/tasks/:id/move', async ({ params, headers, body }) =>
  changing(
    headers['x-user'],
    body.targetBoardId,
    async (client) => {
      const { rows: near } = await client.query(
        `select rank from tasks where board_id = $1 and deleted_at is null and id <> $2 order by rank offset $3 limit 2`,
        [body.targetBoardId, params.id, Math.max(body.position - 1, 0)],
      )
      const ranks = (near as { rank: string }[]).map((r) => r.rank)
      const [before, after] = body.position === 0 ? [null, ranks[0] ?? null] : [ranks[0] ?? null, ranks[1] ?? null]
      const { rows } = await client.query(
        `update tasks t set board_id = $2, rank = $3, updated_at = now() where id = $1 and deleted_at is null returning ${task}`,
        [params.id, body.targetBoardId, generateKeyBetween(before, after)],
      )
      return rows[0] as { id: string }
    },
    'task.moved',
  ),
)

await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' })
