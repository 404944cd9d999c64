import type { DirectoryEvent } from '@wealist/kit/directory'
import type { Tx } from '@wealist/kit/tx'
import { topicOf } from './access.ts'
import * as requests from './join-requests.sql.ts'
import * as members from './members.sql.ts'
import * as projects from './projects.sql.ts'

// A membership is remembered for 30 s and a transaction has 10: whoever began to make a project by then has made it.
const stragglers = 60_000

/**
 * What user-service says about people and workspaces, applied to projects, in the transaction that moves the cursor. A
 * workspace that is gone is gone through a second time, for a project that was being made meanwhile.
 */
export const follow = async (tx: Tx, event: DirectoryEvent): Promise<void> => {
  if (event.type === 'workspace.deleted') {
    const { workspaceId } = event.payload
    await endProjects(tx, { workspaceId })
    tx.addJob('workspace.end', { workspaceId }, { runAt: new Date(Date.now() + stragglers) })
  } else if (event.type === 'person.deleted') await leave(tx, { userId: event.payload.userId, workspaceId: undefined })
  else if (event.payload.role === null) await leave(tx, event.payload)
}

export const endProjects = async (tx: Tx, { workspaceId }: { workspaceId: string }) => {
  const ids = await projects.idsOf(tx, workspaceId)
  for (const id of await projects.remove(tx, ids)) tx.emit(topicOf(id), 'project.deleted', { id })
}

// A project whose owner is gone falls to its most senior member.
const leave = async (tx: Tx, { userId, workspaceId }: { userId: string; workspaceId: string | undefined }) => {
  await requests.end(tx, { userId, workspaceId })
  for (const { projectId, role } of await members.removeEverywhere(tx, { userId, workspaceId })) {
    tx.emit(topicOf(projectId), 'member.removed', { projectId, userId, stillViewer: false })
    const owner = role === 'owner' ? await members.promote(tx, projectId) : undefined
    if (owner) tx.emit(topicOf(projectId), 'member.updated', owner)
  }
}
