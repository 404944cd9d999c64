import { members as api } from '@wealist/contract/board'
import { on } from './deps.ts'
import * as members from './members.ts'

export const routes = [
  on(api.list, (ctx, { params, page }) => members.list(ctx, params.id, page)),
  on(api.add, (ctx, { params, body }) => members.add(ctx, params.id, body)),
  on(api.update, (ctx, { params, body }) =>
    members.update(ctx, { projectId: params.id, userId: params.userId, role: body.role }),
  ),
  on(api.remove, (ctx, { params }) => members.remove(ctx, { projectId: params.id, userId: params.userId })),
  on(api.transfer, (ctx, { params, body }) => members.transfer(ctx, params.id, body.userId)),
]
