import { shares as api } from '@wealist/contract/storage'
import { on } from './deps.ts'
import * as shares from './shares.ts'

export const routes = [
  on(api.shareFile, (ctx, { params, body }) => shares.create(ctx, { thing: 'file', ...params }, body)),
  on(api.getFile, (ctx, { params }) => shares.get(ctx, { thing: 'file', ...params })),
  on(api.removeFile, (ctx, { params }) => shares.remove(ctx, { thing: 'file', ...params })),
  on(api.shareFolder, (ctx, { params, body }) => shares.create(ctx, { thing: 'folder', ...params }, body)),
  on(api.getFolder, (ctx, { params }) => shares.get(ctx, { thing: 'folder', ...params })),
  on(api.removeFolder, (ctx, { params }) => shares.remove(ctx, { thing: 'folder', ...params })),
  on(api.look, (ctx, { params }) => shares.look(ctx, params.token)),
  on(api.unlock, (ctx, { params, body }) => shares.unlock(ctx, params.token, body)),
]
