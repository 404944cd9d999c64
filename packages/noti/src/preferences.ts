import type { NotificationType } from '@wealist/contract/noti/kinds'
import type { NewPreferences, Preferences, QuietHours } from '@wealist/contract/noti/preferences'
import { stale } from '@wealist/kit/errors'
import type { Ctx } from './deps.ts'
import * as preferences from './preferences.sql.ts'

/** Of who never set any: everything comes, at any time. */
const unset: Preferences = { timezone: 'UTC', quietHours: null, inApp: {}, workspaces: [], version: 0 }

export const get = async (ctx: Ctx) => (await preferences.get(ctx.db, ctx.actor.id)) ?? unset

export const put = async (ctx: Ctx, wanted: NewPreferences) => {
  const now = await preferences.put(ctx.db, { ...wanted, userId: ctx.actor.id, ifVersion: ctx.request.ifMatch })
  if (!now) throw stale()
  return now
}

/** Whether a notification is to come, by type and workspace, and whether without a sound. */
export const heard = (
  { inApp, workspaces, quietHours, timezone }: Omit<Preferences, 'version'> = unset,
  { type, workspaceId, at }: { type: NotificationType; workspaceId: string; at: Date },
): 'no' | 'silently' | 'aloud' => {
  const there = workspaces.find((w) => w.workspaceId === workspaceId)
  if (!(there?.inApp[type] ?? inApp[type] ?? true)) return 'no'
  return quietHours && isWithin(quietHours, timeOfDay(at, timezone)) ? 'silently' : 'aloud'
}

const isWithin = ({ start, end }: QuietHours, time: string) =>
  start < end ? start <= time && time < end : start <= time || time < end

const timeOfDay = (at: Date, timeZone: string) =>
  new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
