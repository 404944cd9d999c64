import { boards as api } from '@wealist/contract/board'
import * as boards from './boards.ts'
import { on } from './deps.ts'

export const routes = [
  on(api.list, (ctx, { params }) => boards.list(ctx, params.id)),
  on(api.create, (ctx, { params, body }) => boards.create(ctx, params.id, body)),
  on(api.get, (ctx, { params }) => boards.get(ctx, params.id)),
  on(api.update, (ctx, { params, body }) => boards.update(ctx, params.id, body)),
  on(api.reorder, (ctx, { params, body }) => boards.reorder(ctx, params.id, body.position)),
  on(api.remove, (ctx, { params, query }) => boards.remove(ctx, params.id, query.moveTasksTo)),
]
