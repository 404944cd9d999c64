import { customFields as api } from '@wealist/contract/board'
import * as customFields from './custom-fields.ts'
import { on } from './deps.ts'

export const routes = [
  on(api.list, (ctx, { params }) => customFields.list(ctx, params.id)),
  on(api.create, (ctx, { params, body }) => customFields.create(ctx, params.id, body)),
  on(api.update, (ctx, { params, body }) => customFields.update(ctx, params, body)),
  on(api.remove, (ctx, { params }) => customFields.remove(ctx, params)),
]
