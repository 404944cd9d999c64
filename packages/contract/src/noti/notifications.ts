import * as z from 'zod'
import { flag, id, seq, time } from '../fields.ts'
import { livePage, paging } from '../page.ts'
import { route } from '../route.ts'
import { kinds, type NotificationType } from './kinds.ts'

const notification = <T extends NotificationType>(type: T) =>
  z.strictObject({
    id,
    type: z.literal(type),
    /** What happened, and about what, as plain text in the language that was asked for. */
    title: z.string(),
    message: z.string(),
    actorId: id.nullable(),
    workspaceId: id,
    data: kinds[type],
    /**
     * How many events it stands for: more than 1 where later ones were folded into it while it was unread. Of a
     * `chat_message` the unread messages of the room, counted to 100.
     */
    count: z.int().min(1),
    /** It came in the reader's quiet hours: show it in the list, make no sound and no pop-up. */
    silent: z.boolean(),
    isRead: z.boolean(),
    readAt: time.nullable(),
    /** Of the last event that it stands for. */
    createdAt: time,
    version: z.int(),
  })

/** `title` and `message` come in Korean or English, by `Accept-Language`; everything else is the same for all. */
export const Notification = z
  .discriminatedUnion('type', [
    notification('task_assigned'),
    notification('task_due_soon'),
    notification('task_completed'),
    notification('task_updated'),
    notification('comment_added'),
    notification('mention'),
    notification('chat_message'),
    notification('workspace_invited'),
    notification('workspace_role_changed'),
    notification('project_invited'),
  ])
  .meta({ id: 'Notification' })
export type Notification = z.infer<typeof Notification>

/** Unread notifications, and the seq of my topic that the number belongs to: of two answers the one with the higher seq is newer. */
export const Unread = z.strictObject({ count: z.int().min(0), seq }).meta({ id: 'Unread' })
export type Unread = z.infer<typeof Unread>

const params = z.strictObject({ id })
const example = { params: { id: '$notification' } }

export const list = route({
  method: 'GET',
  path: '/api/notifications',
  summary: 'My notifications of the last 90 days, newest first',
  access: 'self',
  query: z.strictObject({ unreadOnly: flag.optional(), workspaceId: id.optional(), ...paging }),
  response: livePage(Notification),
  example: {},
})

export const unreadCount = route({
  method: 'GET',
  path: '/api/notifications/unread-count',
  summary: 'How many of my notifications are unread',
  access: 'self',
  response: Unread,
  example: {},
})

export const get = route({
  method: 'GET',
  path: '/api/notifications/{id}',
  summary: 'A notification of mine',
  access: 'scoped',
  params,
  response: Notification,
  example,
})

export const read = route({
  method: 'PUT',
  path: '/api/notifications/{id}/read',
  summary: 'I have read it',
  access: 'scoped',
  params,
  response: Notification,
  example,
})

export const readAll = route({
  method: 'PUT',
  path: '/api/notifications/read-all',
  summary: 'I have read all of them, or all of a workspace; `count` is how many were unread',
  access: 'self',
  body: z.strictObject({ workspaceId: id.optional() }),
  response: z.strictObject({ count: z.int().min(0) }),
  example: { body: {} },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/notifications/{id}',
  summary: 'Do not show it any more',
  access: 'scoped',
  params,
  status: 204,
  example,
})
