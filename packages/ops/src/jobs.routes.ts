import { jobs as api } from '@wealist/contract/ops'
import { on } from './deps.ts'
import * as jobs from './jobs.ts'

export const routes = [
  on(api.list, (ctx, { params, page }) => jobs.list(ctx, params.name, page)),
  on(api.retry, (ctx, { params }) => jobs.decide(ctx, { ...params, wanted: 'retry' })),
  on(api.discard, (ctx, { params }) => jobs.decide(ctx, { ...params, wanted: 'discard' })),
]
