import { workspaces as api } from '@wealist/contract/user'
import { on } from './deps.ts'
import * as workspaces from './workspaces.ts'

export const routes = [
  on(api.list, (ctx, { page }) => workspaces.list(ctx, page)),
  on(api.create, (ctx, { body }) => workspaces.create(ctx, body)),
  on(api.discover, (ctx, { query, page }) => workspaces.discover(ctx, query.q, page)),
  on(api.get, (ctx, { params }) => workspaces.get(ctx, params.id)),
  on(api.update, (ctx, { params, body }) => workspaces.update(ctx, params.id, body)),
  on(api.remove, (ctx, { params }) => workspaces.remove(ctx, params.id)),
  on(api.transfer, (ctx, { params, body }) => workspaces.transfer(ctx, params.id, body.userId)),
]
