import { live as api } from '@wealist/contract/chat'
import { on } from './deps.ts'
import * as presence from './presence.ts'

export const routes = [on(api.present, (ctx, { query }) => presence.list(ctx, query))]
