import type { Actor, Person } from '@wealist/kit/actor'
import { Config as KitConfig } from '@wealist/kit/config'
import type { Base, Ctx as KitCtx } from '@wealist/kit/context'
import { followDirectory } from '@wealist/kit/directory'
import { sockets } from '@wealist/kit/live/socket'
import { openMembership, watchMembership } from '@wealist/kit/membership'
import { handlers } from '@wealist/kit/mount'
import { objectsConfig, openObjects } from '@wealist/kit/objects'
import * as z from 'zod'
import { follow } from './directory.ts'
import { openLiveKit } from './livekit.ts'
import { openPlaces } from './places.ts'

export const Config = KitConfig.extend({
  ...objectsConfig,
  LIVEKIT_URL: z
    .string()
    .optional()
    .describe('Where people’s devices reach LiveKit, ws:// or wss://; calls answer 503 unless set'),
  LIVEKIT_API_URL: z.string().optional().describe('Where this service reaches LiveKit, where that is another address'),
  LIVEKIT_API_KEY: z.string().optional().describe('Key that LiveKit knows; its webhooks are signed with it too'),
  LIVEKIT_API_SECRET: z.string().optional().describe('Its secret'),
})

export const open = (config: z.output<typeof Config>, base: Base) => {
  const objects = openObjects(config)
  const memberships = openMembership({ ...base, remember: base.resident })
  const unwatch = base.resident ? watchMembership(memberships, base.live) : undefined
  const directory = followDirectory({ ...base, apply: follow, intervalMs: base.resident ? 15_000 : 0 })
  return {
    memberships,
    directory,
    objects,
    places: openPlaces(),
    livekit: openLiveKit({
      url: config.LIVEKIT_URL,
      apiUrl: config.LIVEKIT_API_URL,
      key: config.LIVEKIT_API_KEY,
      secret: config.LIVEKIT_API_SECRET,
    }),
    close: async () => {
      unwatch?.()
      await directory.stop()
      await memberships.close()
      objects.close()
    },
  }
}

export type Deps = Awaited<ReturnType<typeof open>>
export type Ctx<A extends Actor = Person> = KitCtx<Deps, A>
export const on = handlers<Deps>()
export const socket = sockets<Deps>()
