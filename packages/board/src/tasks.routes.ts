import { tasks as api } from '@wealist/contract/board'
import { on } from './deps.ts'
import * as tasks from './tasks.ts'

export const routes = [
  on(api.list, (ctx, { params, page }) => tasks.list(ctx, params.id, page)),
  on(api.create, (ctx, { params, body }) => tasks.create(ctx, params.id, body)),
  on(api.get, (ctx, { params }) => tasks.get(ctx, params.id)),
  on(api.update, (ctx, { params, body }) => tasks.update(ctx, params.id, body)),
  on(api.remove, (ctx, { params }) => tasks.remove(ctx, params.id)),
  on(api.restore, (ctx, { params }) => tasks.restore(ctx, params.id)),
  on(api.move, (ctx, { params, body }) => tasks.move(ctx, params.id, body)),
  on(api.assign, (ctx, { params, body }) => tasks.assign(ctx, params.id, body.assigneeId)),
]
