import * as z from 'zod'
import { id, seq } from '../fields.ts'
import { route } from '../route.ts'
import { excerpt, kinds, type NotificationType } from './kinds.ts'

const key = z.string().regex(/^[\w:.-]{1,200}$/, 'must have 1 to 200 of the characters A-Z a-z 0-9 _ : . -')

const source = z.enum(['user', 'board', 'chat', 'storage', 'ops'])

/**
 * How many a folded notification stands for, as its source counts them for one reader. `seq` grows with whatever changes
 * that number: of two the one with the higher seq is newer, equal ones say the same, and what is older changes nothing.
 */
const total = { count: z.int().min(1), seq }

const item = <T extends NotificationType>(type: T) =>
  z.strictObject({
    /** What happened, as its source names it. Each recipient hears of it once, whatever the type of the item. */
    eventId: key,
    source,
    type: z.literal(type),
    /** The actor among them is left out. */
    recipients: z.array(id).min(1).max(100),
    actorId: id.nullable(),
    workspaceId: id,
    data: kinds[type],
    /**
     * While a reader has an unread notification of this source with the same key, it is brought up to date and counts
     * one more, instead of a second one beside it: `room:<id>`.
     */
    fold: key.optional(),
  })

const chatMessage = item('chat_message')
  .extend({
    /** Of each of `recipients`, in their order: then the notification counts this, instead of one more. */
    totals: z.array(z.strictObject(total)).max(100).optional(),
  })
  .refine(({ totals, recipients }) => !totals || totals.length === recipients.length, {
    path: ['totals'],
    message: 'must be as many as recipients',
  })
  .refine(({ totals, fold }) => !totals || fold !== undefined, { path: ['fold'], message: 'must come with totals' })

const mention = item('mention').extend({
  /** The place that it has in something folded: it is read with it, by whoever has read so far. */
  within: z.strictObject({ fold: key, seq }).optional(),
})

/** Something to tell people, each once. Where several items have one `eventId`, the first that names a person counts. */
export const Item = z.discriminatedUnion('type', [
  item('task_assigned'),
  item('task_due_soon'),
  item('task_completed'),
  item('task_updated'),
  item('comment_added'),
  mention,
  chatMessage,
  item('workspace_invited'),
  item('workspace_role_changed'),
  item('project_invited'),
])
export type Item = z.infer<typeof Item>

export const create = route({
  method: 'POST',
  path: '/internal/notifications',
  summary: 'Notify people. May be repeated: who was told of an event is not told again for 90 days',
  access: 'internal',
  maxBody: 1024 * 1024,
  body: z.strictObject({ items: z.array(Item).min(1).max(100) }),
  /** In recipients. Those who want no such notifications, and actors, are in neither. */
  response: z.strictObject({ created: z.int(), duplicates: z.int() }),
  example: {
    body: {
      items: [
        {
          eventId: 'task:0192f0c1-7a5e-7c3b-9d2e-3f4a5b6c7d8e:assigned:7',
          source: 'board',
          type: 'task_assigned',
          recipients: ['$user'],
          actorId: '$member',
          workspaceId: '$workspace',
          data: {
            actorName: 'Bob',
            projectId: '$project',
            projectName: 'Launch',
            taskId: '$task',
            taskTitle: 'Write the plan',
          },
        },
      ],
    },
  },
})

export const Standing = z.strictObject({
  source,
  fold: key,
  recipientId: id,
  ...total,
  count: z.int().min(0),
  /** How far they have read there: what they are told `within` it, up to that place, is read, also when it comes later. */
  readSeq: seq.default(0),
})
export type Standing = z.infer<typeof Standing>

export const stand = route({
  method: 'PUT',
  path: '/internal/folds',
  summary:
    'What folded notifications stand for now, and how far was read: one of 0 is read. Makes none. May be repeated',
  access: 'internal',
  body: z.strictObject({ items: z.array(Standing).min(1).max(100) }),
  status: 204,
  example: {
    body: {
      items: [
        {
          source: 'chat',
          fold: 'room:0192f0c1-7a5e-7c3b-9d2e-3f4a5b6c7d8e',
          recipientId: '$user',
          count: 0,
          seq: 12,
          readSeq: 6,
        },
      ],
    },
  },
})

export const Withdrawn = z.strictObject({
  source,
  eventId: key,
  /** Of two, the one with the higher version. Without it they are deleted, and stay so. */
  instead: z.strictObject({ version: z.int().min(1), excerpt }).optional(),
})
export type Withdrawn = z.infer<typeof Withdrawn>

export const withdraw = route({
  method: 'PUT',
  path: '/internal/withdrawn-events',
  summary:
    'The words of an event are deleted, or others stand in their place: no notification quotes the old ones any more, nor will. May be repeated, in any order',
  access: 'internal',
  body: Withdrawn,
  status: 204,
  example: { body: { source: 'chat', eventId: 'message:0192f0c1-7a5e-7c3b-9d2e-3f4a5b6c7d8e' } },
})

const params = z.strictObject({ id })

export const workspaceDeleted = route({
  method: 'DELETE',
  path: '/internal/workspaces/{id}',
  summary: 'A workspace is gone: nobody sees its notifications any more. May be repeated',
  access: 'internal',
  params,
  status: 204,
  example: { params: { id: '$workspace' } },
})

export const personDeleted = route({
  method: 'DELETE',
  path: '/internal/people/{id}',
  summary: 'A person is gone: what noti has of them goes too. May be repeated',
  access: 'internal',
  params,
  status: 204,
  example: { params: { id: '$user' } },
})
