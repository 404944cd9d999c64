import type { DirectoryEvent } from '@wealist/kit/directory'
import type { Tx } from '@wealist/kit/tx'
import { leave, out } from './participants.ts'
import * as participants from './participants.sql.ts'
import * as rooms from './rooms.sql.ts'
import { end } from './rooms.ts'

// A transaction has seconds; who is in more rooms than this, or a workspace with more, is finished by the job it leaves.
const most = 200

/** What user-service says about people and workspaces, applied to rooms, in the transaction that moves the cursor. */
export const follow = async (tx: Tx, event: DirectoryEvent): Promise<void> => {
  if (event.type === 'workspace.deleted') await endRooms(tx, event.payload)
  else if (event.type === 'person.deleted') await leaveRooms(tx, { userId: event.payload.userId })
  else if (event.payload.role === null)
    await leaveRooms(tx, { userId: event.payload.userId, workspaceId: event.payload.workspaceId })
}

export const endRooms = async (tx: Tx, { workspaceId }: { workspaceId: string }) => {
  const ids = await rooms.idsOf(tx, { workspaceId, limit: most })
  await end(tx, ids)
  if (ids.length === most) tx.addJob('workspace.end', { workspaceId })
}

export const leaveRooms = async (
  tx: Tx,
  { userId, workspaceId }: { userId: string; workspaceId?: string | undefined },
) => {
  const found = await participants.roomsOf(tx, { userId, workspaceId, limit: most })
  for (const { roomId: id, type } of found)
    await (type === 'direct' ? out(tx, { id, userId }) : leave(tx, { id, userId }))
  if (found.length === most) tx.addJob('rooms.leave', { userId, ...(workspaceId !== undefined && { workspaceId }) })
}
