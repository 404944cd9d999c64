import { sessions as api } from '@wealist/contract/auth'
import { on } from './deps.ts'
import * as sessions from './sessions.ts'

export const routes = [
  on(api.login, (ctx, { body }) => sessions.login(ctx, body)),
  on(api.refresh, (ctx, { body }) => sessions.refresh(ctx, body)),
  on(api.logout, (ctx) => sessions.logout(ctx)),
  on(api.me, (ctx) => sessions.me(ctx)),
  on(api.list, (ctx, { page }) => sessions.list(ctx, page)),
  on(api.remove, (ctx, { params }) => sessions.remove(ctx, params.id)),
  on(api.removeOthers, (ctx) => sessions.removeOthers(ctx)),
  on(api.ticket, (ctx) => sessions.ticket(ctx)),
]
