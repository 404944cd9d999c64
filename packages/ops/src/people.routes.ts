import { people as api } from '@wealist/contract/ops'
import { on } from './deps.ts'
import * as people from './people.ts'

export const routes = [
  on(api.list, (ctx, { query, page }) => people.list(ctx, query, page)),
  on(api.get, (ctx, { params }) => people.get(ctx, params.id)),
  on(api.update, (ctx, { params, body }) => people.update(ctx, params.id, body)),
  on(api.setStatus, (ctx, { params, body }) => people.setStatus(ctx, params.id, body)),
  on(api.setRole, (ctx, { params, body }) => people.setRole(ctx, params.id, body)),
]
