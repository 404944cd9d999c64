import { users as api } from '@wealist/contract/user'
import * as credentials from './credentials.ts'
import { on } from './deps.ts'
import { leaveForGood } from './leaving.ts'
import * as users from './users.ts'

export const routes = [
  on(api.create, (ctx, { body }) => users.create(ctx, body)),
  on(api.me, (ctx) => users.me(ctx)),
  on(api.updateMe, (ctx, { body }) => users.updateMe(ctx, body)),
  on(api.setPassword, (ctx, { body }) => credentials.setPassword(ctx, body)),
  on(api.removeMe, (ctx) => leaveForGood(ctx).then(() => undefined)),
  on(api.list, (ctx, { query }) => users.list(ctx, query.ids)),
  on(api.get, (ctx, { params }) => users.get(ctx, params.id)),
]
