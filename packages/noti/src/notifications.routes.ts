import { notifications as api } from '@wealist/contract/noti'
import { on } from './deps.ts'
import * as notifications from './notifications.ts'

export const routes = [
  on(api.list, (ctx, { query, page }) => notifications.list(ctx, { ...query, page })),
  on(api.unreadCount, (ctx) => notifications.unreadCount(ctx)),
  on(api.get, (ctx, { params }) => notifications.get(ctx, params.id)),
  on(api.read, (ctx, { params }) => notifications.read(ctx, params.id)),
  on(api.readAll, (ctx, { body }) => notifications.readAll(ctx, body.workspaceId)),
  on(api.remove, (ctx, { params }) => notifications.remove(ctx, params.id)),
]
