import { calls as api } from '@wealist/contract/chat'
import { unavailable } from '@wealist/kit/errors'
import { readBytes } from '@wealist/kit/request'
import * as calls from './calls.ts'
import { on } from './deps.ts'

export const routes = [
  on(api.join, (ctx, { params }) => calls.join(ctx, params.id)),
  on(api.get, (ctx, { params }) => calls.get(ctx, params.id)),
  on(api.end, (ctx, { params }) => calls.end(ctx, params.id)),
  // The signature is over the very bytes, so they are not parsed before.
  on(api.webhook, async (ctx) => {
    if (!ctx.livekit) throw unavailable('No LiveKit is configured here.')
    const body = Buffer.from(await readBytes(ctx.request.raw, api.webhook.maxBody)).toString()
    await calls.hear(ctx, await ctx.livekit.event(body, ctx.request.header('authorization')))
    return undefined
  }),
]
