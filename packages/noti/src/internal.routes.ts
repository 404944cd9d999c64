import { internal as api } from '@wealist/contract/noti'
import * as delivery from './delivery.ts'
import { on } from './deps.ts'
import * as folds from './folds.ts'
import * as leaving from './leaving.ts'
import * as withdrawal from './withdrawal.ts'

export const routes = [
  on(api.create, (ctx, { body }) => delivery.create(ctx, body.items)),
  on(api.stand, (ctx, { body }) => folds.stand(ctx, body.items)),
  on(api.withdraw, (ctx, { body }) => withdrawal.withdraw(ctx, body)),
  on(api.workspaceDeleted, (ctx, { params }) => leaving.workspaceDeleted(ctx, params.id)),
  on(api.personDeleted, (ctx, { params }) => leaving.personDeleted(ctx, params.id)),
]
