import { internal as api } from '@wealist/contract/noti'
import * as delivery from './delivery.ts'
import { on } from './deps.ts'
import * as leaving from './leaving.ts'

export const routes = [
  on(api.create, (ctx, { body }) => delivery.create(ctx, body.items)),
  on(api.workspaceDeleted, (ctx, { params }) => leaving.workspaceDeleted(ctx, params.id)),
  on(api.personDeleted, (ctx, { params }) => leaving.personDeleted(ctx, params.id)),
]
