/** Where a room or message lies: true for good. */
export interface Place {
  roomId: string
  workspaceId: string
}
