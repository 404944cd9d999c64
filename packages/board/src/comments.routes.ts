import { comments as api } from '@wealist/contract/board'
import * as comments from './comments.ts'
import { on } from './deps.ts'

export const routes = [
  on(api.list, (ctx, { params, page }) => comments.list(ctx, params.id, page)),
  on(api.create, (ctx, { params, body }) => comments.create(ctx, params.id, body)),
  on(api.update, (ctx, { params, body }) => comments.update(ctx, params.id, body)),
  on(api.remove, (ctx, { params }) => comments.remove(ctx, params.id)),
]
