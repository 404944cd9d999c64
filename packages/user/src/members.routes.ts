import { members as api } from '@wealist/contract/user'
import { on } from './deps.ts'
import * as members from './members.ts'

export const routes = [
  on(api.list, (ctx, { params, query, page }) => members.list(ctx, { workspaceId: params.id, q: query.q, page })),
  on(api.add, (ctx, { params, body }) => members.add(ctx, params.id, body)),
  on(api.update, (ctx, { params, body }) =>
    members.update(ctx, { workspaceId: params.id, userId: params.userId }, body.role),
  ),
  on(api.remove, (ctx, { params }) => members.remove(ctx, { workspaceId: params.id, userId: params.userId })),
]
