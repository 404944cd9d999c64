/** Where something lies. A board or task never leaves its project, nor a project its workspace: true for good. */
export interface Place {
  projectId: string
  workspaceId: string
}
