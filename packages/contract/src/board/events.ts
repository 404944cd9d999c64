import * as z from 'zod'
import { id, seq } from '../fields.ts'
import { control, event, Presence } from '../live.ts'
import { route, socketRoute } from '../route.ts'
import { Attachment } from './attachments.ts'
import { Board } from './boards.ts'
import { ChecklistItem } from './checklist.ts'
import { Comment } from './comments.ts'
import { Field } from './custom-fields.ts'
import { Label } from './labels.ts'
import { ProjectMember } from './members.ts'
import { Project } from './projects.ts'
import { Task, TaskCounts } from './tasks.ts'

/** Who is out of the project. `stillViewer`: it is open to their workspace, so they may go on looking. */
const Leaving = z.strictObject({ projectId: id, userId: id, stillViewer: z.boolean() })
const gone = z.strictObject({ id })
/** What a task has more or less by this event: its counts as they then were. */
const counted = { taskId: id, counts: TaskCounts }
const goneFrom = z.strictObject({ id, ...counted })

/**
 * What happened in a project, in the order of `seq`. A payload is the whole row as it then was: put it in the place of
 * the one with that id, unless that one's `version` is higher. `counts` take the place of its task's. A deleted label or
 * field is gone from every task; of one that more than 1,000 tasks had it is said twice, the second time when it has left
 * the last. `payload` is null where a later deletion blanked it.
 */
export const ProjectEvent = z
  .discriminatedUnion('type', [
    event('project.updated', Project),
    event('project.deleted', gone),
    event('board.created', Board),
    event('board.updated', Board),
    event('board.deleted', gone),
    event('task.created', Task.nullable()),
    event('task.updated', Task.nullable()),
    event('task.moved', Task.nullable()),
    event('task.deleted', gone),
    event('task.restored', Task.nullable()),
    event('label.created', Label),
    event('label.updated', Label),
    event('label.deleted', gone),
    event('field.created', Field),
    event('field.updated', Field),
    event('field.deleted', gone),
    event('comment.created', Comment.extend(counted).nullable()),
    event('comment.updated', Comment.nullable()),
    event('comment.deleted', Comment.extend(counted)),
    event('checklist.created', ChecklistItem.extend(counted).nullable()),
    event('checklist.updated', ChecklistItem.extend(counted).nullable()),
    event('checklist.deleted', goneFrom),
    event('attachment.created', Attachment.extend(counted).nullable()),
    event('attachment.deleted', goneFrom),
    event('member.added', ProjectMember),
    event('member.updated', ProjectMember),
    event('member.removed', Leaving),
  ])
  .meta({ id: 'ProjectEvent' })
export type ProjectEvent = z.infer<typeof ProjectEvent>

const params = z.strictObject({ id })

export const list = route({
  method: 'GET',
  path: '/api/projects/{id}/events',
  summary:
    'The project’s log after a seq: dense, in order, kept for a year. `reset` says that it does not reach back that far',
  access: 'scoped',
  params,
  query: z.strictObject({
    after: z.coerce.number<number>().int().min(0).default(0),
    limit: z.coerce.number<number>().int().min(1).max(100).default(50),
  }),
  response: z.strictObject({ items: z.array(ProjectEvent), seq, reset: z.boolean() }),
  example: { params: { id: '$project' } },
})

/** Frames with a `seq` at the top are events; the others are `{ type, payload }`. `presence` comes after `ready`, too. */
export const Outgoing = z.union([ProjectEvent, ...control, Presence])

export const live = socketRoute({
  path: '/ws/project/{projectId}',
  summary: 'Every change of a project, live. First frame `resume { after?, epoch? }`',
  params: z.strictObject({ projectId: id }),
  outgoing: Outgoing,
  example: { params: { projectId: '$project' } },
})
