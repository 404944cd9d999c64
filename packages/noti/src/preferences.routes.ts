import { preferences as api } from '@wealist/contract/noti'
import { on } from './deps.ts'
import * as preferences from './preferences.ts'

export const routes = [
  on(api.get, (ctx) => preferences.get(ctx)),
  on(api.put, (ctx, { body }) => preferences.put(ctx, body)),
]
