import * as z from 'zod'
import { id, seq, time } from '../fields.ts'
import { Bye, event, Fault, frame, Ready, Reset } from '../live.ts'
import { route } from '../route.ts'
import { Notification, Unread } from './notifications.ts'

export const Language = z.enum(['en', 'ko'])
export type Language = z.infer<typeof Language>

/**
 * What happened to my notifications, in the order of `seq`. Put a whole row in the place of the one with its id, unless
 * that one's `version` is higher.
 */
export const NotificationEvent = z
  .discriminatedUnion('type', [
    /**
     * A new one, or one that another event was folded into; with the `createdAt` that it had, one that quotes other words
     * or counts less than before, because something was read, changed or deleted.
     */
    event('notification', Notification),
    event('notification.read', Notification),
    event('notification.deleted', z.strictObject({ id })),
    /** All that I have at this seq are read, or all of that workspace. */
    event('notifications.read', z.strictObject({ workspaceId: id.nullable(), readAt: time })),
    /** All of that workspace are gone. */
    event('notifications.hidden', z.strictObject({ workspaceId: id })),
    /** Something that is no longer shown. */
    z.strictObject({ type: z.literal('skip'), seq }),
  ])
  .meta({ id: 'NotificationEvent' })
export type NotificationEvent = z.infer<typeof NotificationEvent>

/** The `data:` of each server-sent event; `event:` is its type, but that `bye` is called `close`. */
export const StreamEvent = z.union([
  NotificationEvent,
  frame('unread', Unread.shape),
  frame('heartbeat', {}),
  Ready,
  Reset,
  Fault,
  Bye,
])
export type StreamEvent = z.infer<typeof StreamEvent>

export const open = route({
  method: 'GET',
  path: '/api/notifications/stream',
  summary:
    'My notifications live, as server-sent events: `notification` and its kin with `id:`, `unread`, `heartbeat` each 25 s, `reset`, `close`. With a bearer, `Last-Event-ID` brings what was missed; an EventSource comes with `?ticket=` and `?after=`, each time with a new ticket',
  access: 'self',
  stream: true,
  query: z.strictObject({
    ticket: z.string().max(200).optional(),
    /** The last `id:` that came; from now on where it is missing. */
    after: z.coerce.number<number>().int().min(0).optional(),
    /** As `ready` told it. */
    epoch: z.uuid().optional(),
    /** Language of the texts, for who cannot send `Accept-Language`. */
    lang: Language.optional(),
  }),
  media: 'text/event-stream',
  response: StreamEvent,
  example: {},
})
