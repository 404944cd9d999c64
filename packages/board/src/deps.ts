import type { Actor, Person } from '@wealist/kit/actor'
import { Config as KitConfig } from '@wealist/kit/config'
import type { Base, Ctx as KitCtx } from '@wealist/kit/context'
import { followDirectory } from '@wealist/kit/directory'
import { sockets } from '@wealist/kit/live/socket'
import { openMembership, watchMembership } from '@wealist/kit/membership'
import { handlers } from '@wealist/kit/mount'
import { objectsConfig, openObjects } from '@wealist/kit/objects'
import type * as z from 'zod'
import { follow } from './directory.ts'
import { openPlaces } from './places.ts'

export const Config = KitConfig.extend(objectsConfig)

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
