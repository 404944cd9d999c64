import { labels as api } from '@wealist/contract/board'
import { on } from './deps.ts'
import * as labels from './labels.ts'

export const routes = [
  on(api.list, (ctx, { params }) => labels.list(ctx, params.id)),
  on(api.create, (ctx, { params, body }) => labels.create(ctx, params.id, body)),
  on(api.update, (ctx, { params, body }) => labels.update(ctx, params, body)),
  on(api.remove, (ctx, { params }) => labels.remove(ctx, params)),
]
