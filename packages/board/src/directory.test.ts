import { members, projects, trello } from '@wealist/contract/board'
import { type BoardService, boardService } from '@wealist/dev/testing/board-service'
import { trelloExport } from '@wealist/dev/testing/trello'
import { newId } from '@wealist/kit/ids'
import { type Sql, sql } from '@wealist/kit/sql'
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

const run = (name: string, payload: object, ctx: object = {}) => {
  const { base, deps } = service.running
  const { handler, schema } = jobs.find((job) => job.name === name)!
  return handler({ ...base, ...deps, tx: base.db.tx, ...ctx } as never, schema.parse(payload) as never)
}

test('who comes back to a workspace while the rest of their projects is left stays where they came in since', async () => {
  const { id } = await service.project()
  const bob = service.people.bob.id
  const before = new Date(Date.now() - 1000).toISOString()
  await run('projects.leave', { userId: bob, workspaceId: service.workspaceId, before })
  expect((await service.as(service.people.bob)(projects.get, { params: { id } })).myRole).toBe('member')
})

interface Late {
  /** What the transaction that makes somebody a member waits for before its commit. */
  held: Sql
  /** Gives the project. */
  join(who: { id: string }, project: { id: string }): Promise<string>
}
const late: Record<string, Late> = {
  'makes a project': {
    held: sql`lock table boards in share mode`,
    join: async (who) =>
      (await service.as(who)(projects.create, { body: { workspaceId: service.workspaceId, name: 'Late' } })).id,
  },
  'imports one': {
    held: sql`lock table boards in share mode`,
    join: async (who) => {
      const body = { workspaceId: service.workspaceId, trello: trelloExport(1) as never }
      return (await service.as(who)(trello.create, { body })).project.id
    },
  },
  'is added to one': {
    held: sql`select from kit.heads where topic like 'project:%' for update`,
    join: async ({ id: userId }, { id }) => {
      await service.as(service.people.alice)(members.add, { params: { id }, body: { userId } })
      return id
    },
  },
}
/** Somebody whose membership commits only once they have left. */
const joinsLate = async ({ held, join }: Late, leaves: (who: { id: string }) => Promise<unknown>) => {
  const who = { id: newId() }
  await service.setMember(who.id, 'member')
  const project = await service.project()
  const { joined } = await service.running.base.db.tx(async (tx) => {
    await tx.run(held)
    const joining = join(who, project)
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    await expect.poll(() => service.rows(waiting)).toHaveLength(1)
    await leaves(who)
    return { joined: joining }
  })
  return { who, id: await joined }
}
const leavesWorkspace = async (who: { id: string }) => {
  await service.setMember(who.id, null)
  await service.followDirectory()
}
const roleOf = async (who: { id: string }, projectId: string) =>
  (
    await service.rows<{ role: string }>('select role from project_members where project_id = $1 and user_id = $2', [
      projectId,
      who.id,
    ])
  )[0]?.role
/** Lets somebody's second pass come at once; it is not before everything that was under way is over. */
const secondPass = async (task: string, who: { id: string }) => {
  const found = `graphile_worker._private_tasks t where t.id = j.task_id and t.identifier = $1 and j.payload ->> 'userId' = $2`
  const hurry = `update graphile_worker._private_jobs j set run_at = now() from ${found}
    and j.run_at > now() + interval '45 seconds' returning j.id`
  await expect.poll(() => service.rows(hurry, [task, who.id])).toHaveLength(1)
  const waiting = `select from graphile_worker._private_jobs j, ${found}`
  await expect.poll(() => service.rows(waiting, [task, who.id]), { timeout: 5000 }).toEqual([])
}

test.each(Object.entries(late))(
  'whoever %s while they leave the workspace is out of it a minute later, and what they owned is its admins’ to take over',
  async (_, joining) => {
    const chief = { id: newId() }
    await service.setMember(chief.id, 'admin')
    const { who, id } = await joinsLate(joining, leavesWorkspace)
    const role = await roleOf(who, id)
    expect(role).toBeDefined()
    await secondPass('projects.left', who)
    expect(await roleOf(who, id)).toBeUndefined()
    if (role !== 'owner') return
    await service.as(chief)(members.transfer, { params: { id }, body: { userId: chief.id } })
    expect(await roleOf(chief, id)).toBe('owner')
  },
)

test.each(Object.entries(late))(
  'whoever %s while their account ends is out of it a minute later',
  async (_, joining) => {
    const { who, id } = await joinsLate(joining, ({ id: userId }) => told('person.deleted', { userId }))
    expect(await roleOf(who, id)).toBeDefined()
    await secondPass('projects.leave', who)
    expect(await roleOf(who, id)).toBeUndefined()
  },
)

test('who made a project while they left, and is back within a minute, keeps it', async () => {
  const { who, id } = await joinsLate(late['makes a project']!, leavesWorkspace)
  await service.setMember(who.id, 'member')
  await secondPass('projects.left', who)
  expect(await roleOf(who, id)).toBe('owner')
})

test('who comes back once it was asked whether they have stays where they came in since', async () => {
  const { bob } = service.people
  const { id: old } = await service.project()
  let since = ''
  const of = async () => {
    since = (await service.project()).id
    return { role: null, version: 1 }
  }
  await run('projects.left', { userId: bob.id, workspaceId: service.workspaceId }, { memberships: { of } })
  expect(await roleOf(bob, old)).toBeUndefined()
  expect(await roleOf(bob, since)).toBe('member')
})
