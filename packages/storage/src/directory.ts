import type { DirectoryEvent } from '@wealist/kit/directory'
import type { Tx } from '@wealist/kit/tx'
import * as retention from './retention.sql.ts'
import * as shares from './shares.sql.ts'

// Whoever was still a member when they began to make a link has made it by then.
const stragglers = 60_000

/**
 * A workspace takes its drive along: closed at once, emptied by jobs. People leave what they stored to the others and take
 * their links along, but for those that they made once they were back; the job finds one that was being made meanwhile.
 */
export const follow = async (tx: Tx, { type, payload, timestamp }: DirectoryEvent): Promise<void> => {
  if (type === 'workspace.deleted') {
    const { workspaceId } = payload
    await retention.endDrive(tx, workspaceId)
    tx.addJob('drive.end', { workspaceId })
  } else if (type === 'member.changed' && payload.role === null) {
    const { workspaceId, userId } = payload
    await shares.removeOf(tx, { workspaceId, userId, until: timestamp })
    tx.addJob('shares.leave', { workspaceId, userId }, { runAt: new Date(Date.now() + stragglers) })
  }
}
