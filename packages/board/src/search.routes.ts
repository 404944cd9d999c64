import { search as api } from '@wealist/contract/board'
import { on } from './deps.ts'
import * as search from './search.ts'

export const routes = [on(api.list, (ctx, { params, query, page }) => search.list(ctx, { id: params.id, query, page }))]
