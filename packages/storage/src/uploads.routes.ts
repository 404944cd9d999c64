import { uploads as api } from '@wealist/contract/storage'
import { on } from './deps.ts'
import * as uploads from './uploads.ts'

export const routes = [
  on(api.list, (ctx, { query, page }) => uploads.list(ctx, query.workspaceId, page)),
  on(api.create, (ctx, { body }) => uploads.create(ctx, body)),
  on(api.complete, (ctx, { params, body }) => uploads.complete(ctx, params.id, body)),
  on(api.abort, (ctx, { params }) => uploads.abort(ctx, params.id)),
]
