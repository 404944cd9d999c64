import { members, users, workspaces } from '@wealist/contract/user'
import type { User } from '@wealist/contract/user/users'
import type { GrantedRole, NewWorkspace, Workspace } from '@wealist/contract/user/workspaces'
import type { Env } from '@wealist/kit/config'
import type { Overrides } from '@wealist/kit/base'
import { user } from '@wealist/user/service'
import pg from 'pg'
import { oneService } from './one-service.ts'

export const password = 'correct horse battery'

/** user-service alone, with quick ways to people and workspaces. */
export const userService = async (env?: Env, overrides?: Overrides) => {
  const service = await oneService(user, env, overrides)
  const { pool } = service.running.base.db
  let n = 0
  return {
    ...service,
    /** What the tables really hold. */
    rows: async <T extends pg.QueryResultRow>(statement: string, values: unknown[] = []) =>
      (await pool.query<T>(statement, values)).rows,
    signUp: (name = 'Somebody'): Promise<User> =>
      service.anonymous(users.create, { body: { email: `person${++n}@example.com`, name, password } }),
    workspace: (owner: User, more: Partial<NewWorkspace> = {}): Promise<Workspace> =>
      service.as(owner)(workspaces.create, { body: { name: 'Wonderland', ...more } }),
    join: (owner: User, workspace: { id: string }, person: User, role: GrantedRole = 'member') =>
      service.as(owner)(members.add, { params: { id: workspace.id }, body: { email: person.email, role } }),
  }
}
export type UserService = Awaited<ReturnType<typeof userService>>

/** How many of the answers were refused with each code, and how many were not. */
export const tally = (results: readonly PromiseSettledResult<unknown>[]) => {
  const counts: Record<string, number> = {}
  for (const result of results) {
    const key = result.status === 'fulfilled' ? 'ok' : String((result.reason as { code?: string }).code)
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

/** The same request, `times` at once. */
export const atOnce = (times: number, ask: (i: number) => Promise<unknown>) =>
  Promise.allSettled(Array.from({ length: times }, (_, i) => ask(i))).then(tally)
