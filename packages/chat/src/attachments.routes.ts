import { attachments as api } from '@wealist/contract/chat'
import * as attachments from './attachments.ts'
import { on } from './deps.ts'

export const routes = [
  on(api.begin, (ctx, { params, body }) => attachments.begin(ctx, params.id, body)),
  on(api.download, (ctx, { params }) => attachments.download(ctx, params)),
]
