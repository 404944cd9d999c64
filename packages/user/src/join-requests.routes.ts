import { joinRequests as api } from '@wealist/contract/user'
import { on } from './deps.ts'
import * as requests from './join-requests.ts'

export const routes = [
  on(api.list, (ctx, { params, query, page }) =>
    requests.list(ctx, { workspaceId: params.id, status: query.status, page }),
  ),
  on(api.create, (ctx, { params, body }) => requests.create(ctx, params.id, body.message)),
  on(api.decide, (ctx, { params, body }) =>
    requests.decide(ctx, { workspaceId: params.id, id: params.requestId, status: body.status }),
  ),
]
