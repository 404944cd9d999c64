import { people as api } from '@wealist/contract/ops'
import { on } from './deps.ts'
import * as people from './people.ts'

export const routes = [
  on(api.list, (ctx, { query, page }) => people.list(ctx, query, page)),
  on(api.get, (ctx, { params }) => people.get(ctx, params.id)),
  on(api.update, (ctx, { params, body }) => people.update(ctx, params.id, body)),
  on(api.setStatus, (ctx, { params, body: { status, reason } }) =>
    people.setStanding(ctx, params.id, { what: 'status', wanted: status, reason }),
  ),
  on(api.setRole, (ctx, { params, body: { role, reason } }) =>
    people.setStanding(ctx, params.id, { what: 'role', wanted: role, reason }),
  ),
]
