import type { DirectoryEvent } from '@wealist/kit/directory'
import type { JobCtx } from '@wealist/kit/jobs'
import type { Tx } from '@wealist/kit/tx'
import { topicOf } from './access.ts'
import type { Deps } from './deps.ts'
import * as requests from './join-requests.sql.ts'
import * as members from './members.sql.ts'
import * as projects from './projects.sql.ts'

// A transaction has seconds; who is in more projects than this, or a workspace with more, is finished by the job it leaves.
const most = 200

// A membership is remembered for 30 s and a transaction has 10: whoever began to make a project, or to come into one, by
// then has done so.
const stragglers = 60_000

/**
 * What user-service says about people and workspaces, applied to projects, in the transaction that moves the cursor. What
 * is gone is gone through a second time, for a project that was being made, or somebody who was being added, meanwhile.
 */
export const follow = async (tx: Tx, event: DirectoryEvent): Promise<void> => {
  const runAt = new Date(Date.now() + stragglers)
  if (event.type === 'workspace.deleted') {
    const { workspaceId } = event.payload
    await endProjects(tx, { workspaceId })
    tx.addJob('workspace.end', { workspaceId }, { runAt })
  } else if (event.type === 'person.deleted') {
    const { userId } = event.payload
    await leave(tx, { userId })
    tx.addJob('projects.leave', { userId }, { runAt })
  } else if (event.payload.role === null) {
    const { userId, workspaceId } = event.payload
    await leave(tx, { userId, workspaceId })
    tx.addJob('projects.left', { userId, workspaceId }, { runAt })
  }
}

export const endProjects = async (tx: Tx, { workspaceId }: { workspaceId: string }) => {
  const ids = await projects.idsOf(tx, { workspaceId, limit: most })
  for (const id of await projects.remove(tx, ids)) tx.emit(topicOf(id), 'project.deleted', { id })
  if (ids.length === most) tx.addJob('workspace.end', { workspaceId })
}

/** A project whose owner is gone falls to its most senior member. Who comes back meanwhile stays in what they come back to. */
export const leave = async (tx: Tx, who: members.Leaving) => {
  const { userId, workspaceId } = who
  if (!who.before) await requests.end(tx, { userId, workspaceId })
  const left = await members.removeEverywhere(tx, { ...who, limit: most })
  for (const { projectId, role } of left) {
    tx.emit(topicOf(projectId), 'member.removed', { projectId, userId, stillViewer: false })
    const owner = role === 'owner' ? await members.promote(tx, projectId) : undefined
    if (owner) tx.emit(topicOf(projectId), 'member.updated', owner)
  }
  if (left.length === most) tx.addJob('projects.leave', { ...who, before: left[0]!.before })
}

/** The second time for who left a workspace, to which they may have come back. */
export const leaveAgain = async (ctx: JobCtx<Deps>, who: { userId: string; workspaceId: string }) => {
  const before = new Date(ctx.clock.now()).toISOString()
  const { role } = await ctx.memberships.of(who.workspaceId, who.userId, { fresh: true })
  if (!role) await ctx.tx((tx) => leave(tx, { ...who, before }))
}
