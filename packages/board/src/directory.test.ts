import { projects } from '@wealist/contract/board'
import { type BoardService, boardService } from '@wealist/dev/testing/board-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { follow } from './directory.ts'
import { jobs } from './jobs.ts'

let service: BoardService
beforeAll(async () => void (service = await boardService()))
afterAll(() => service.stop())

const many = 450
/** So many projects of a workspace, all of one person's. */
const owned = async () => {
  const who = { workspaceId: newId(), userId: newId() }
  await service.rows(
    `with p as (insert into projects (id, workspace_id, name, visibility, created_by)
        select gen_random_uuid(), $1, 'p' || n, 'workspace', $2 from generate_series(1, $3::int) n returning id)
      insert into project_members (project_id, user_id, role) select id, $2, 'owner' from p`,
    [who.workspaceId, who.userId, many],
  )
  return who
}
const told = (type: string, payload: object) =>
  service.running.base.db.tx((tx) => follow(tx, { type, payload } as never))
const left = async ({ workspaceId, userId }: { workspaceId: string; userId: string }) => {
  const [row] = await service.rows<{ projects: number; places: number }>(
    `select (select count(*)::int from projects where workspace_id = $1 and deleted_at is null) as projects,
      (select count(*)::int from project_members where user_id = $2) as places`,
    [workspaceId, userId],
  )
  return row!
}
const eventsOf = async (workspaceId: string, type: string) =>
  (
    await service.rows(
      `select from kit.events where type = $2 and topic in (select 'project:' || id from projects where workspace_id = $1)`,
      [workspaceId, type],
    )
  ).length

test('a workspace of more projects than one transaction ends is ended by and by, each told once', async () => {
  const who = await owned()
  await told('workspace.deleted', who)
  expect((await left(who)).projects).toBeGreaterThan(0)
  await expect.poll(() => left(who), { timeout: 10_000 }).toEqual({ projects: 0, places: 0 })
  expect(await eventsOf(who.workspaceId, 'project.deleted')).toBe(many)
})

test('who is in more projects than one transaction leaves is out of all by and by', async () => {
  const who = await owned()
  await told('person.deleted', who)
  expect((await left(who)).places).toBeGreaterThan(0)
  await expect.poll(() => left(who), { timeout: 10_000 }).toEqual({ projects: many, places: 0 })
  expect(await eventsOf(who.workspaceId, 'member.removed')).toBe(many)
})

test('who comes back to a workspace while the rest of their projects is left stays where they came in since', async () => {
  const { id } = await service.project()
  const bob = service.people.bob.id
  const before = new Date(Date.now() - 1000).toISOString()
  const { base, deps } = service.running
  const leaving = jobs.find(({ name }) => name === 'projects.leave')!
  const payload = leaving.schema.parse({ userId: bob, workspaceId: service.workspaceId, before })
  await leaving.handler({ ...base, ...deps, tx: base.db.tx } as never, payload as never)
  expect((await service.as(service.people.bob)(projects.get, { params: { id } })).myRole).toBe('member')
})
