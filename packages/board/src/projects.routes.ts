import { projects as api } from '@wealist/contract/board'
import { on } from './deps.ts'
import * as projects from './projects.ts'

export const routes = [
  on(api.list, (ctx, { query, page }) => projects.list(ctx, query.workspaceId, page)),
  on(api.create, (ctx, { body }) => projects.create(ctx, body)),
  on(api.get, (ctx, { params }) => projects.get(ctx, params.id)),
  on(api.update, (ctx, { params, body }) => projects.update(ctx, params.id, body)),
  on(api.remove, (ctx, { params }) => projects.remove(ctx, params.id)),
]
