import type { DirectoryEvent } from '@wealist/kit/directory'
import type { Tx } from '@wealist/kit/tx'
import * as retention from './retention.sql.ts'

/** A workspace takes its drive along: closed at once, emptied by jobs. People leave what they stored to the others. */
export const follow = async (tx: Tx, event: DirectoryEvent): Promise<void> => {
  if (event.type !== 'workspace.deleted') return
  const { workspaceId } = event.payload
  await retention.endDrive(tx, workspaceId)
  tx.addJob('drive.end', { workspaceId })
}
