import { files as api } from '@wealist/contract/storage'
import { on } from './deps.ts'
import * as files from './files.ts'
import * as stream from './stream.ts'
import * as trash from './trash.ts'

export const routes = [
  on(api.list, (ctx, { query, page }) => files.list(ctx, query, page)),
  on(api.upload, (ctx) => stream.upload(ctx)),
  on(api.get, (ctx, { params }) => files.get(ctx, params.id)),
  on(api.update, (ctx, { params, body }) => files.update(ctx, params.id, body)),
  on(api.remove, (ctx, { params }) => trash.putFile(ctx, params.id)),
  on(api.move, (ctx, { params, body }) => files.move(ctx, params.id, body.folderId)),
  on(api.download, (ctx, { params, query }) => files.download(ctx, params.id, query.version)),
  on(api.thumbnail, (ctx, { params }) => files.thumbnail(ctx, params.id)),
  on(api.versions, (ctx, { params }) => files.versions(ctx, params.id)),
  on(api.restoreVersion, (ctx, { params }) => files.restoreVersion(ctx, params.id, params.version)),
]
