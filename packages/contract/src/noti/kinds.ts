import * as z from 'zod'
import { id, text, time } from '../fields.ts'

/** Names as they were when it happened: a notification says what the reader would have read then. */
const called = text(200, 1)
/** The beginning of what somebody wrote, as plain text. */
export const excerpt = text(300)
const by = { actorName: called }
const inProject = { projectId: id, projectName: called }
const ofTask = { ...inProject, taskId: id, taskTitle: called }
const inRoom = { chatId: id, chatName: called.nullable() }

/** What a notification of each type is about. Its text is made from this, in the reader's language. */
export const kinds = {
  task_assigned: z.strictObject({ ...by, ...ofTask }),
  /** Nobody did anything: it has no actor. */
  task_due_soon: z.strictObject({ ...ofTask, dueDate: time }),
  task_completed: z.strictObject({ ...by, ...ofTask }),
  /** `changed` names the fields. */
  task_updated: z.strictObject({ ...by, ...ofTask, changed: z.array(text(50, 1)).max(30) }),
  comment_added: z.strictObject({ ...by, ...ofTask, commentId: id, excerpt }),
  /** In a comment on a task, in its description (no `commentId`), or in a room. */
  mention: z.union([
    z.strictObject({ ...by, ...ofTask, commentId: id.optional(), excerpt }),
    z.strictObject({ ...by, ...inRoom, messageId: id, excerpt }),
  ]),
  /** `chatName` is null in a direct room. */
  chat_message: z.strictObject({ ...by, ...inRoom, messageId: id, excerpt }),
  workspace_invited: z.strictObject({
    ...by,
    workspaceName: called,
    invitationId: id.optional(),
    role: z.enum(['admin', 'member']),
  }),
  workspace_role_changed: z.strictObject({
    ...by,
    workspaceName: called,
    role: z.enum(['owner', 'admin', 'member']),
  }),
  project_invited: z.strictObject({ ...by, ...inProject, role: z.enum(['owner', 'admin', 'member', 'viewer']) }),
} as const

export type NotificationType = keyof typeof kinds
export const types = Object.keys(kinds) as [NotificationType, ...NotificationType[]]
export const NotificationType = z.enum(types)
