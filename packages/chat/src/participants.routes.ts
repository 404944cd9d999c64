import { participants as api } from '@wealist/contract/chat'
import { on } from './deps.ts'
import * as participants from './participants.ts'

export const routes = [
  on(api.list, (ctx, { params, page }) => participants.list(ctx, params.id, page)),
  on(api.add, (ctx, { params, body }) => participants.add(ctx, params.id, body)),
  on(api.update, (ctx, { params, body }) => participants.update(ctx, { ...params, role: body.role })),
  on(api.remove, (ctx, { params }) => participants.remove(ctx, params)),
]
