import { trash as api } from '@wealist/contract/storage'
import { on } from './deps.ts'
import * as trash from './trash.ts'

export const routes = [
  on(api.list, (ctx, { query, page }) => trash.list(ctx, query.workspaceId, page)),
  on(api.empty, (ctx, { query }) => trash.empty(ctx, query.workspaceId)),
  on(api.restore, (ctx, { params }) => trash.restore(ctx, params.id)),
  on(api.remove, (ctx, { params }) => trash.remove(ctx, params.id)),
]
