import { rooms as api } from '@wealist/contract/chat'
import { on } from './deps.ts'
import * as rooms from './rooms.ts'

export const routes = [
  on(api.list, (ctx, { query, page }) => rooms.list(ctx, query.workspaceId, page)),
  on(api.create, (ctx, { body }) => rooms.create(ctx, body)),
  on(api.get, (ctx, { params }) => rooms.get(ctx, params.id)),
  on(api.update, (ctx, { params, body }) => rooms.update(ctx, params.id, body)),
  on(api.remove, (ctx, { params }) => rooms.remove(ctx, params.id)),
  on(api.read, (ctx, { params, body }) => rooms.read(ctx, params.id, body.seq)),
]
