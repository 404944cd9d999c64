import { status as api } from '@wealist/contract/ops'
import { on } from './deps.ts'
import * as status from './status.ts'

export const routes = [
  on(api.get, (ctx) => status.all(ctx)),
  on(api.services, () => status.services()),
  on(api.health, (ctx, { params }) => status.one(ctx, params.name)),
]
