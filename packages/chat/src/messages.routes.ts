import { messages as api } from '@wealist/contract/chat'
import { on } from './deps.ts'
import * as messages from './messages.ts'

export const routes = [
  on(api.search, (ctx, { query, page }) => messages.search(ctx, query, page)),
  on(api.list, (ctx, { params, query, page }) => messages.list(ctx, params.id, query, page)),
  on(api.send, (ctx, { params, body }) => messages.send(ctx, params.id, body)),
  on(api.update, (ctx, { params, body }) => messages.update(ctx, params.id, body)),
  on(api.remove, (ctx, { params }) => messages.remove(ctx, params.id)),
  on(api.react, (ctx, { params }) => messages.react(ctx, params.id, params.emoji)),
  on(api.unreact, (ctx, { params }) => messages.unreact(ctx, params.id, params.emoji)),
]
