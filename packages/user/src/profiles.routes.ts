import { profiles as api } from '@wealist/contract/user'
import * as avatars from './avatars.ts'
import { on } from './deps.ts'
import * as profiles from './profiles.ts'

export const routes = [
  on(api.get, (ctx) => profiles.get(ctx)),
  on(api.update, (ctx, { body }) => profiles.update(ctx, body)),
  on(api.startAvatar, (ctx, { body }) => avatars.begin(ctx, body.contentType)),
  on(api.confirmAvatar, (ctx, { body }) => avatars.confirm(ctx, body.key)),
  on(api.removeAvatar, (ctx) => avatars.remove(ctx)),
]
