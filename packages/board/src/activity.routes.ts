import { activity as api } from '@wealist/contract/board'
import * as activity from './activity.ts'
import { on } from './deps.ts'

export const routes = [on(api.list, (ctx, { params, page }) => activity.list(ctx, params.id, page))]
