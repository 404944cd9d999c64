import { trash as api } from '@wealist/contract/board'
import { on } from './deps.ts'
import * as trash from './trash.ts'

export const routes = [on(api.list, (ctx, { params, page }) => trash.list(ctx, params.id, page))]
