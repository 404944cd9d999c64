import { google as api } from '@wealist/contract/auth'
import { on } from './deps.ts'
import * as google from './google.ts'

export const routes = [
  on(api.authorize, (ctx, { query }) => google.authorize(ctx, query)),
  on(api.callback, (ctx) => google.callback(ctx)),
  on(api.exchange, (ctx, { body }) => google.exchange(ctx, body)),
]
