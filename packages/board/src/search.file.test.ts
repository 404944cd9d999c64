import { members, projects } from '@wealist/contract/board'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

let service: BoardService
let people: BoardService['people']
beforeAll(async () => {
  service = await boardService()
  people = service.people
})
afterAll(() => service.stop())
beforeEach(() => service.setMember(people.bob.id, 'member'))

type Project = Awaited<ReturnType<BoardService['project']>>
type Who = keyof BoardService['people']

/** A project with three pages of a file. */
const filled = async (visibility: 'workspace' | 'private') => {
  const project = await service.project({ visibility })
  await service.rows(
    `insert into tasks (id, project_id, board_id, title, priority, status, rank, created_by)
     select gen_random_uuid(), $1, $2, 'as it was', 'low', 'todo', 'b' || n, $3 from generate_series(1, 1200) n`,
    [project.id, project.boards[0]!.id, people.alice.id],
  )
  return project
}

/** The file of somebody for whom something happens after its first page was read, and the tasks change after that. */
const fileAround = async (
  who: Who,
  { id }: Project,
  happens: (headers: Record<string, string>) => Promise<unknown>,
) => {
  const headers = service.headersOf(people[who])
  // What the columns are is asked between the first page and the next.
  const gate = await service.running.base.db.pool.connect()
  await gate.query('begin; lock table fields in access exclusive mode')
  const answer = fetch(`${service.url}/api/projects/${id}/tasks?format=csv`, { headers })
  const waiting = `select from pg_locks where not granted and relation = 'fields'::regclass`
  await expect.poll(async () => (await gate.query(waiting)).rowCount).toBe(1)
  await happens(headers)
  await service.rows(`update tasks set title = 'written since' where project_id = $1`, [id])
  await gate.query('commit')
  gate.release()

  let text = ''
  const whole = await answer
    .then(async ({ body }) => {
      for await (const piece of body!.pipeThrough(new TextDecoderStream())) text += piece
      return true
    })
    .catch(() => false)
  const count = (what: string) => text.split(what).length - 1
  return { whole, before: count('as it was'), since: count('written since') }
}

test('a file is read as its reader takes it: later pages say what the tasks have become', async () => {
  const project = await filled('private')
  expect(await fileAround('bob', project, async () => undefined)).toEqual({ whole: true, before: 500, since: 700 })
})

const alice = () => service.as(people.alice)

test.each<[string, Who, 'workspace' | 'private', (project: Project, sid: string) => Promise<unknown>]>([
  [
    'is removed from the private project',
    'bob',
    'private',
    ({ id }) => alice()(members.remove, { params: { id, userId: people.bob.id } }),
  ],
  [
    'may no longer see the project that became private',
    'vera',
    'workspace',
    ({ id }) => alice()(projects.update, { params: { id }, body: { visibility: 'private' } }),
  ],
  [
    'is removed from the workspace',
    'bob',
    'private',
    async ({ id }) => {
      await service.setMember(people.bob.id, null)
      const seen = () => codeOf(service.as(people.bob)(members.list, { params: { id }, query: {} }))
      await expect.poll(seen).toBe('NOT_FOUND')
    },
  ],
  ['reads a project that is deleted', 'alice', 'private', ({ id }) => alice()(projects.remove, { params: { id } })],
  ['signs out', 'alice', 'private', (_, sid) => service.running.base.revocations.revoke({ sids: [sid] })],
])(
  'the file of who %s meanwhile fails under them and says nothing that was written since',
  async (_, who, visibility, ends) => {
    const project = await filled(visibility)
    const file = await fileAround(who, project, (headers) => {
      const claims = Buffer.from(headers['x-jwt-payload']!, 'base64url').toString()
      return ends(project, (JSON.parse(claims) as { sid: string }).sid)
    })
    expect(file).toEqual({ whole: false, before: 500, since: 0 })
  },
)
