import type { Actor, Person } from '@wealist/kit/actor'
import { Config as KitConfig } from '@wealist/kit/config'
import type { Base, Ctx as KitCtx } from '@wealist/kit/context'
import { sockets } from '@wealist/kit/live/socket'
import { handlers } from '@wealist/kit/mount'
import { objectsConfig, openObjects } from '@wealist/kit/objects'
import { openPlaces } from '@wealist/kit/places'
import { openWorkspaces } from '@wealist/kit/workspaces'
import * as z from 'zod'
import { follow } from './directory.ts'
import type { Place } from './places.ts'
import { openTogether } from './together.ts'

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

export const open = async (config: z.output<typeof Config>, base: Base) => {
  // Its SDK is loaded where there is one.
  const livekit = config.LIVEKIT_URL ? (await import('./livekit.ts')).openLiveKit : () => undefined
  const objects = openObjects(config)
  const workspaces = openWorkspaces(base, follow)
  return {
    memberships: workspaces.memberships,
    directory: workspaces.directory,
    objects,
    places: openPlaces<Place>(),
    together: openTogether(base),
    livekit: livekit({
      url: config.LIVEKIT_URL,
      apiUrl: config.LIVEKIT_API_URL,
      key: config.LIVEKIT_API_KEY,
      secret: config.LIVEKIT_API_SECRET,
    }),
    close: async () => {
      await workspaces.close()
      objects.close()
    },
  }
}

export type Deps = Awaited<ReturnType<typeof open>>
export type Ctx<A extends Actor = Person> = KitCtx<Deps, A>
export const on = handlers<Deps>()
export const socket = sockets<Deps>()
