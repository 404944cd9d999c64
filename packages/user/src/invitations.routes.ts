import { invitations as api } from '@wealist/contract/user'
import { on } from './deps.ts'
import * as invitations from './invitations.ts'

export const routes = [
  on(api.list, (ctx, { params, query, page }) =>
    invitations.list(ctx, { workspaceId: params.id, status: query.status, page }),
  ),
  on(api.create, (ctx, { params, body }) => invitations.create(ctx, params.id, body)),
  on(api.remove, (ctx, { params }) => invitations.remove(ctx, { workspaceId: params.id, id: params.invitationId })),
  on(api.show, (ctx, { params }) => invitations.show(ctx, params.token)),
  on(api.accept, (ctx, { params }) => invitations.accept(ctx, params.token)),
  on(api.decline, (ctx, { params }) => invitations.decline(ctx, params.token)),
]
