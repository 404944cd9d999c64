import { folders as api } from '@wealist/contract/storage'
import * as contents from './contents.ts'
import { on } from './deps.ts'
import * as folders from './folders.ts'
import * as trash from './trash.ts'

export const routes = [
  on(api.list, (ctx, { query, page }) => folders.list(ctx, query, page)),
  on(api.create, (ctx, { body }) => folders.create(ctx, body)),
  on(api.get, (ctx, { params }) => folders.get(ctx, params.id)),
  on(api.update, (ctx, { params, body }) => folders.update(ctx, params.id, body)),
  on(api.remove, (ctx, { params }) => trash.putFolder(ctx, params.id)),
  on(api.contents, (ctx, { params, query, page }) => contents.list(ctx, { ...params, ...query }, page)),
]
