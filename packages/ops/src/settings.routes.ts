import { settings as api } from '@wealist/contract/ops'
import { on } from './deps.ts'
import * as settings from './settings.ts'

export const routes = [
  on(api.list, async (ctx) => ({ items: await settings.list(ctx), nextCursor: null })),
  on(api.get, (ctx, { params }) => settings.get(ctx, params.key)),
  on(api.set, (ctx, { params, body }) => settings.set(ctx, params.key, body)),
]
