import { keys as api } from '@wealist/contract/auth'
import { on } from './deps.ts'
import * as keys from './keys.ts'

export const routes = [on(api.jwks, (ctx) => keys.jwks(ctx)), on(api.openid, (ctx) => keys.openid(ctx))]
