import { type Setting, SettingKey, settings as known } from '@wealist/contract/ops/settings'
import { invalid } from '@wealist/kit/errors'
import type * as z from 'zod'
import type { Ctx } from './deps.ts'
import { allowed } from './people.ts'
import * as settings from './settings.sql.ts'

/** All of them, those that nobody has set with what they are then. */
export const list = async (ctx: Pick<Ctx, 'db'>): Promise<Setting[]> => {
  const set = new Map((await settings.all(ctx.db)).map((row) => [row.key, row]))
  return SettingKey.options.map((key) => {
    const row = set.get(key)
    return row
      ? { ...row, updatedAt: row.updatedAt.toISOString() }
      : { key, value: known[key].unless, version: 0, updatedAt: null }
  })
}

type Values = { [K in SettingKey]: z.output<(typeof known)[K]['value']> }

/** Each under its key. */
export const values = async (ctx: Pick<Ctx, 'db'>) =>
  Object.fromEntries((await list(ctx)).map(({ key, value }) => [key, value])) as Values

export const get = async (ctx: Ctx, key: SettingKey) => (await list(ctx)).find((s) => s.key === key)

export const set = async (ctx: Ctx, key: SettingKey, { value }: { value: string | number }) => {
  const parsed = known[key].value.safeParse(value)
  if (!parsed.success) throw invalid(parsed.error.issues.map(({ message }) => ({ path: 'value', message })))
  allowed(await settings.set(ctx.db, { actor: ctx.actor.id, key, value: parsed.data, version: ctx.request.ifMatch }))
  return get(ctx, key)
}
