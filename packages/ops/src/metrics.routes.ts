import { metrics as api } from '@wealist/contract/ops'
import { on } from './deps.ts'
import * as metrics from './metrics.ts'

export const routes = [
  on(api.overview, (ctx, { query }) => metrics.overview(ctx, query.period)),
  on(api.services, (ctx, { query }) => metrics.services(ctx, query.period)),
  on(api.service, (ctx, { params, query }) => metrics.service(ctx, params.name, query.period)),
]
