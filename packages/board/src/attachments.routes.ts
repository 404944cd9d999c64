import { attachments as api } from '@wealist/contract/board'
import * as attachments from './attachments.ts'
import { on } from './deps.ts'

export const routes = [
  on(api.list, (ctx, { params }) => attachments.list(ctx, params.id)),
  on(api.create, (ctx, { params, body }) => attachments.begin(ctx, params.id, body)),
  on(api.confirm, (ctx, { params }) => attachments.confirm(ctx, params)),
  on(api.download, (ctx, { params }) => attachments.download(ctx, params)),
  on(api.remove, (ctx, { params }) => attachments.remove(ctx, params)),
]
