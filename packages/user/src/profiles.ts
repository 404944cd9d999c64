import type { ProfileChange } from '@wealist/contract/user/profiles'
import { notFound, stale } from '@wealist/kit/errors'
import type { Ctx } from './deps.ts'
import * as profiles from './profiles.sql.ts'

export const get = (ctx: Ctx) => profiles.get(ctx.db, ctx.settings.assets, ctx.actor.id)

export const update = (ctx: Ctx, change: ProfileChange) =>
  ctx.tx(async (tx) => {
    const version = ctx.request.ifMatch
    const changed = await profiles.update(tx, ctx.settings.assets, { id: ctx.actor.id, version, change })
    if (!changed) throw version === undefined ? notFound('Your account') : stale()
    return changed
  })
