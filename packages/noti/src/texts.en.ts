import type { Texts } from './texts.ts'

const roles = { owner: 'the owner', admin: 'an admin', member: 'a member', viewer: 'a viewer' }
const fields: Record<string, string> = {
  title: 'the title',
  description: 'the description',
  priority: 'the priority',
  status: 'the status',
  dueDate: 'the due date',
  assigneeId: 'the assignee',
  boardId: 'the board',
  labels: 'the labels',
  labelIds: 'the labels',
  fields: 'the fields',
  checklist: 'the checklist',
  attachments: 'the attachments',
}
const list = new Intl.ListFormat('en')
const listed = (changed: readonly string[]) => list.format(new Set(changed.map((field) => fields[field] ?? 'details')))
const quoting = (excerpt: string, otherwise = '.') => (excerpt ? `: ${excerpt}` : otherwise)
// A source counts to 100.
const manyOf = (count: number) => (count > 99 ? '99+' : `${count}`)

export const en: Texts = {
  task_assigned: ({ actorName, taskTitle, projectName }) => ({
    title: 'A task for you',
    message: `${actorName} assigned “${taskTitle}” in ${projectName} to you.`,
  }),
  task_due_soon: ({ taskTitle, projectName }) => ({
    title: 'Due soon',
    message: `“${taskTitle}” in ${projectName} is due soon.`,
  }),
  task_completed: ({ actorName, taskTitle, projectName }) => ({
    title: 'Task completed',
    message: `${actorName} completed “${taskTitle}” in ${projectName}.`,
  }),
  task_updated: ({ actorName, taskTitle, projectName, changed }, count) => ({
    title: 'Task changed',
    message:
      count > 1
        ? `“${taskTitle}” in ${projectName} was changed ${count} times, the last time by ${actorName}.`
        : `${actorName} changed ${changed.length > 0 ? `${listed(changed)} of ` : ''}“${taskTitle}” in ${projectName}.`,
  }),
  comment_added: ({ actorName, taskTitle, excerpt }, count) =>
    count > 1
      ? {
          title: `${count} new comments`,
          message: `${count} comments on “${taskTitle}”, the last by ${actorName}${quoting(excerpt)}`,
        }
      : { title: 'New comment', message: `${actorName} commented on “${taskTitle}”${quoting(excerpt)}` },
  mention: (data) => {
    const where =
      'taskTitle' in data ? `“${data.taskTitle}”` : data.chatName === null ? 'a chat' : `the chat “${data.chatName}”`
    return {
      title: 'You were mentioned',
      message: `${data.actorName} mentioned you in ${where}${quoting(data.excerpt)}`,
    }
  },
  chat_message: ({ actorName, chatName, excerpt }, count) => ({
    title: chatName ?? actorName,
    message:
      count > 1
        ? `${manyOf(count)} new messages, the last from ${actorName}${quoting(excerpt)}`
        : `${actorName}${quoting(excerpt, ' sent a message.')}`,
  }),
  workspace_invited: ({ actorName, workspaceName, role }) => ({
    title: 'Invitation to a workspace',
    message: `${actorName} invited you to ${workspaceName} as ${roles[role]}.`,
  }),
  workspace_role_changed: ({ actorName, workspaceName, role }) => ({
    title: 'Your role has changed',
    message: `${actorName} made you ${roles[role]} of ${workspaceName}.`,
  }),
  project_invited: ({ actorName, projectName, role }) => ({
    title: 'Invitation to a project',
    message: `${actorName} added you to ${projectName} as ${roles[role]}.`,
  }),
}
