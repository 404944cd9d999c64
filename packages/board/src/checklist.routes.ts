import { checklist as api } from '@wealist/contract/board'
import * as checklist from './checklist.ts'
import { on } from './deps.ts'

export const routes = [
  on(api.list, (ctx, { params }) => checklist.list(ctx, params.id)),
  on(api.create, (ctx, { params, body }) => checklist.create(ctx, params.id, body)),
  on(api.update, (ctx, { params, body }) => checklist.update(ctx, params, body)),
  on(api.remove, (ctx, { params }) => checklist.remove(ctx, params)),
]
