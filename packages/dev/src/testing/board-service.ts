import { members, projects } from '@wealist/contract/board'
import { board } from '@wealist/board/service'
import type { Env } from '@wealist/kit/config'
import { newId } from '@wealist/kit/ids'
import type { Overrides } from '@wealist/kit/base'
import { expect } from 'vitest'
import { type Asker, oneService } from './one-service.ts'
import { listen, tasksOf } from './project-client.ts'
import { ofRequests } from './statements.ts'
import { startWorkspaces } from './workspaces.ts'

// What somebody's leaving has done once more after a minute is none of it.
const waiting = `select task from kit.outbox where task not like 'kit.%' union all
  select task_identifier from graphile_worker.jobs where attempts < max_attempts and task_identifier not like 'kit.%'
    and (attempts > 0 or run_at < created_at + interval '45 seconds')`

/** board alone, with a workspace of Alice, Bob and Vera, and Mallory who is outside. `statements` are those of its requests. */
export const boardService = async (env: Env = {}, overrides: Overrides = {}) => {
  const [alice, bob, vera, mallory] = ['Alice', 'Bob', 'Vera', 'Mallory'].map((name) => ({ id: newId(), name }))
  const people = { alice: alice!, bob: bob!, vera: vera!, mallory: mallory! }
  const workspaceId = newId()
  const { statements, observe } = ofRequests()
  const workspaces = await startWorkspaces()
  for (const { id } of [people.alice, people.bob, people.vera]) await workspaces.set(workspaceId, id, 'member')
  const service = await oneService(
    board,
    { USER_URL: workspaces.url, NOTI_URL: workspaces.url, ...env },
    { observe, ...overrides },
  )
  const { redis, db } = service.running.base
  return {
    ...service,
    people,
    workspaceId,
    statements,
    workspaces,
    /** Puts a person into a workspace or out of it, as user-service does: said on Redis at once. */
    setMember: (userId: string, role: 'owner' | 'admin' | 'member' | null, of = workspaceId) =>
      workspaces.set(of, userId, role, redis),
    /** Applies all that the directory has. */
    followDirectory: () => service.running.deps.directory.pullOnce(),
    /** Every job that was added is done. */
    idle: async () => {
      await expect.poll(async () => (await db.pool.query(waiting)).rows, { timeout: 20_000 }).toEqual([])
    },
    /** What the tables really hold. */
    rows: async <T extends object>(statement: string, values: unknown[] = []) =>
      (await db.pool.query(statement, values)).rows as T[],
    /** Alice's project; Bob is a member. */
    project: async (more: { visibility?: 'workspace' | 'private' } = {}) => {
      const made = await service.as(people.alice)(projects.create, { body: { workspaceId, name: 'Launch', ...more } })
      await service.as(people.alice)(members.add, { params: { id: made.id }, body: { userId: people.bob.id } })
      return made
    },
    /** Every task of a board in its order, page by page. */
    tasksOf: (boardId: string, as: Asker = people.alice, limit = 100) => tasksOf(service.as(as), boardId, limit),
    listen: (person: Asker, projectId: string) =>
      listen({ ask: service.as(person), url: service.url, headers: service.headersOf(person), projectId }),
    stop: async () => {
      await service.stop()
      await workspaces.stop()
    },
  }
}
export type BoardService = Awaited<ReturnType<typeof boardService>>

/** The code of the contract's error, or OK. */
export const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'OK',
    (error: { code: string }) => error.code,
  )
