import { audit as api } from '@wealist/contract/ops'
import * as audit from './audit.sql.ts'
import { on } from './deps.ts'

export const routes = [on(api.list, (ctx, { query, page }) => audit.list(ctx.db, query, page))]
