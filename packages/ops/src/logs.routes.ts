import { logs as api } from '@wealist/contract/ops'
import { on } from './deps.ts'
import * as logs from './logs.ts'

export const routes = [on(api.list, (ctx, { query, page }) => logs.list(ctx, query, page))]
