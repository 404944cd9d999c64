import { watchers as api } from '@wealist/contract/board'
import { on } from './deps.ts'
import * as watchers from './watchers.ts'

export const routes = [
  on(api.add, (ctx, { params }) => watchers.add(ctx, params)),
  on(api.remove, (ctx, { params }) => watchers.remove(ctx, params)),
]
