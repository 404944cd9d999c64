import * as z from 'zod'
import { id, timezone } from '../fields.ts'
import { route } from '../route.ts'
import { NotificationType } from './kinds.ts'

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day, HH:MM')

/** From `start` up to `end`, in the time zone of the preferences; over midnight where `end` is the smaller one. */
export const QuietHours = z
  .strictObject({ start: timeOfDay, end: timeOfDay })
  .refine(({ start, end }) => start !== end, 'must not end when they begin')
export type QuietHours = z.infer<typeof QuietHours>

/** By type: false for those that are not to come at all. One that is missing is on. */
const InApp = z.partialRecord(NotificationType, z.boolean())

const fields = {
  timezone,
  /** What comes then is listed and counted as ever, and marked `silent`. */
  quietHours: QuietHours.nullable(),
  inApp: InApp,
  /** What holds in one workspace instead; a type that is missing follows `inApp` above. */
  workspaces: z.array(z.strictObject({ workspaceId: id, inApp: InApp })).max(100),
}

export const Preferences = z.strictObject({ ...fields, version: z.int().min(0) }).meta({ id: 'Preferences' })
export type Preferences = z.infer<typeof Preferences>

export const NewPreferences = z
  .strictObject(fields)
  .refine(
    ({ workspaces }) => new Set(workspaces.map((w) => w.workspaceId)).size === workspaces.length,
    'workspaces must each come once',
  )
export type NewPreferences = z.infer<typeof NewPreferences>

export const get = route({
  method: 'GET',
  path: '/api/notifications/preferences',
  summary: 'What I want to be told of, and when quietly',
  access: 'self',
  versioned: true,
  response: Preferences,
  example: {},
})

export const put = route({
  method: 'PUT',
  path: '/api/notifications/preferences',
  summary: 'Set all of my preferences',
  access: 'self',
  versioned: true,
  body: NewPreferences,
  response: Preferences,
  example: {
    body: {
      timezone: 'Asia/Seoul',
      quietHours: { start: '22:00', end: '07:30' },
      inApp: { task_updated: false },
      workspaces: [{ workspaceId: '$workspace', inApp: { chat_message: false } }],
    },
  },
})
