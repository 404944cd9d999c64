import { usage as api } from '@wealist/contract/storage'
import { on } from './deps.ts'
import * as usage from './usage.ts'

export const routes = [on(api.get, (ctx, { query }) => usage.get(ctx, query.workspaceId))]
