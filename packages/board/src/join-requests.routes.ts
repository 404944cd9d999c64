import { joinRequests as api } from '@wealist/contract/board'
import { on } from './deps.ts'
import * as requests from './join-requests.ts'

export const routes = [
  on(api.list, (ctx, { params, query, page }) =>
    requests.list(ctx, { projectId: params.id, status: query.status, page }),
  ),
  on(api.create, (ctx, { params, body }) => requests.create(ctx, params.id, body.message)),
  on(api.decide, (ctx, { params, body }) =>
    requests.decide(ctx, { projectId: params.id, id: params.requestId, ...body }),
  ),
  on(api.withdraw, (ctx, { params }) => requests.withdraw(ctx, { projectId: params.id, id: params.requestId })),
]
