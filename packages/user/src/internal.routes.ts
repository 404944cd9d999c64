import { internal as api } from '@wealist/contract/user'
import * as credentials from './credentials.ts'
import { on } from './deps.ts'
import * as directory from './directory.ts'
import * as identities from './identities.ts'
import * as users from './users.ts'

export const routes = [
  on(api.verify, (ctx, { body }) => credentials.verify(ctx, body)),
  on(api.identities, (ctx, { body }) => identities.resolve(ctx, body)),
  on(api.standing, (ctx, { params }) => users.standing(ctx, params.id)),
  on(api.lookup, (ctx, { body }) => users.lookup(ctx, body.ids)),
  on(api.membership, (ctx, { params }) => directory.membership(ctx, { workspaceId: params.id, userId: params.userId })),
  on(api.memberships, (ctx, { params, body }) =>
    directory.memberships(ctx, { workspaceId: params.id, userIds: body.ids }),
  ),
  on(api.directory, (ctx, { query }) => directory.read(ctx, query)),
]
