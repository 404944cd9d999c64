import type { ProjectRole } from '@wealist/contract/board/projects'
import { forbidden, notFound } from '@wealist/kit/errors'
import type { WorkspaceRole } from '@wealist/kit/membership'
import type { Tx } from '@wealist/kit/tx'
import * as rights from './access.sql.ts'
import type { Ctx } from './deps.ts'
import * as members from './members.sql.ts'
import type { Place } from './places.ts'

const ranks: Record<ProjectRole, number> = { viewer: 0, member: 1, admin: 2, owner: 3 }
const called = { project: 'This project', board: 'This board', task: 'This task', comment: 'This comment' }

/** Whether a role in the workspace is enough to run what nobody owns. */
export const runsOrphans = (inWorkspace: WorkspaceRole | null) => inWorkspace === 'owner' || inWorkspace === 'admin'

/**
 * The role on a project of somebody who is in its workspace; undefined for who may not know of it. Where nobody owns it,
 * since all who were in it have left, the workspace's owner and admins act as its owner.
 */
export const roleIn = (
  scope: Pick<rights.Scope, 'visibility' | 'role' | 'owned'>,
  inWorkspace: WorkspaceRole | null,
): ProjectRole | undefined => {
  if (!scope.owned && runsOrphans(inWorkspace)) return 'owner'
  return scope.role ?? (scope.visibility === 'workspace' ? 'viewer' : undefined)
}

export const atLeast = (role: ProjectRole, least: ProjectRole) => ranks[role] >= ranks[least]

/** The actor's role on what a read found; 404 for who is not in the workspace or may not know of the project. */
export const see = async (
  ctx: Ctx,
  scope: rights.Scope | undefined,
  what: rights.Via,
  options?: { fresh: boolean },
): Promise<ProjectRole> => {
  // Nobody is asked about who would be refused whatever the answer.
  if (!scope || !roleIn(scope, 'owner')) throw notFound(called[what])
  const { role: inWorkspace } = await ctx.memberships.of(scope.workspaceId, ctx.actor.id, options)
  const role = inWorkspace && roleIn(scope, inWorkspace)
  if (!role) throw notFound(called[what])
  return role
}

export interface Change {
  via: rights.Via
  id: string
  least: ProjectRole
  /** Whom it is about besides the actor: user-service is asked about all of them at once. */
  people?: readonly string[]
  /** Who is in the workspace is not taken from what this process remembers: for making somebody a member. */
  fresh?: boolean
  /** It changes the actor's own member row. */
  alone?: boolean
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
  { via, id, least, people = [], fresh = false, alone = false }: Change,
  work: (tx: Tx, at: At) => Promise<T>,
): Promise<T> => {
  const place = await placeOf(ctx, via, id)
  const known = await ctx.memberships.among(place.workspaceId, [ctx.actor.id, ...people], { fresh })
  const inWorkspace = (userId: string) => known.get(userId)?.role != null
  const own = known.get(ctx.actor.id)?.role
  if (!own) throw notFound(called[via])
  const changing = async (tx: Tx) => {
    const scope = await rights.lockRight(tx, { projectId: place.projectId, userId: ctx.actor.id, alone })
    const role = scope && roleIn(scope, own)
    if (!role) throw notFound(called[via])
    // What the lock waited for may have been the project's end, which this statement then did not see.
    if (!atLeast(role, least))
      throw (await rights.place(tx, via, id))
        ? forbidden(`This needs the project role ${least}.`)
        : notFound(called[via])
    return work(tx, { ...place, visibility: scope.visibility, role, inWorkspace })
  }
  return ctx.tx(changing, { turn: topicOf(place.projectId) })
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

/** Which of these people can see the project, as `change` knows them. */
export const whoSee = async (tx: Tx, { projectId, visibility, inWorkspace }: At, people: readonly string[]) => {
  const near = people.filter(inWorkspace)
  if (visibility === 'workspace' || near.length === 0) return near
  return members.hold(tx, { projectId, userIds: near })
}
