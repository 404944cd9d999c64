import type { ProjectRole } from '@wealist/contract/board/projects'
import { forbidden, notFound } from '@wealist/kit/errors'
import type { Tx } from '@wealist/kit/tx'
import * as rights from './access.sql.ts'
import type { Ctx } from './deps.ts'
import type { Place } from './places.ts'

const ranks: Record<ProjectRole, number> = { viewer: 0, member: 1, admin: 2, owner: 3 }
const called = { project: 'This project', board: 'This board', task: 'This task' }

/** The role on a project of somebody who is in its workspace; undefined for who may not know of it. */
export const roleIn = (scope: Pick<rights.Scope, 'visibility' | 'role'>): ProjectRole | undefined =>
  scope.role ?? (scope.visibility === 'workspace' ? 'viewer' : undefined)

export const atLeast = (role: ProjectRole, least: ProjectRole) => ranks[role] >= ranks[least]

/** The actor's role on what a read found; 404 for who is not in the workspace or may not know of the project. */
export const see = async (
  ctx: Ctx,
  scope: rights.Scope | undefined,
  what: rights.Via,
  options?: { fresh: boolean },
): Promise<ProjectRole> => {
  const role = scope && roleIn(scope)
  if (!role) throw notFound(called[what])
  const { role: inWorkspace } = await ctx.memberships.of(scope.workspaceId, ctx.actor.id, options)
  if (!inWorkspace) throw notFound(called[what])
  return role
}

export interface Change {
  via: rights.Via
  id: string
  least: ProjectRole
  /** Whom it is about besides the actor: user-service is asked about all of them at once. */
  people?: readonly string[]
}

/** Where a change is made. `inWorkspace` knows the actor and the change's `people`. */
export interface At extends Place, Pick<rights.Scope, 'visibility'> {
  /** The actor's role on the project. */
  role: ProjectRole
  inWorkspace(userId: string): boolean
}

/**
 * A change of a project by somebody with at least that role. The workspace is asked before the transaction begins, the
 * project's member row is locked first in it.
 */
export const change = async <T>(
  ctx: Ctx,
  { via, id, least, people = [] }: Change,
  work: (tx: Tx, at: At) => Promise<T>,
): Promise<T> => {
  const place = await placeOf(ctx, via, id)
  const known = await ctx.memberships.among(place.workspaceId, [ctx.actor.id, ...people])
  const inWorkspace = (userId: string) => known.get(userId)?.role != null
  if (!inWorkspace(ctx.actor.id)) throw notFound(called[via])
  return ctx.tx(async (tx) => {
    const scope = await rights.lockRight(tx, { projectId: place.projectId, userId: ctx.actor.id })
    const role = scope && roleIn(scope)
    if (!role) throw notFound(called[via])
    // What the lock waited for may have been the project's end, which this statement then did not see.
    if (!atLeast(role, least))
      throw (await rights.place(tx, via, id))
        ? forbidden(`This needs the project role ${least}.`)
        : notFound(called[via])
    return work(tx, { ...place, visibility: scope.visibility, role, inWorkspace })
  })
}

export const placeOf = async (ctx: Ctx, via: rights.Via, id: string): Promise<Place> => {
  // By kind too: a task's id names no project.
  const key = `${via}:${id}`
  const known = ctx.places.get(key)
  if (known) return known
  const found = await rights.place(ctx.db, via, id)
  if (!found) throw notFound(called[via])
  ctx.places.set(key, found)
  return found
}

/** The live topic of a project. */
export const topicOf = (projectId: string) => `project:${projectId}`
