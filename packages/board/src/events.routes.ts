import { events as api } from '@wealist/contract/board'
import { on } from './deps.ts'
import * as events from './events.ts'

export const routes = [on(api.list, (ctx, { params, query }) => events.list(ctx, params.id, query))]
