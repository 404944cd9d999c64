import type { Actor, Person } from '@wealist/kit/actor'
import { Config as KitConfig } from '@wealist/kit/config'
import type { Base, Ctx as KitCtx } from '@wealist/kit/context'
import { sockets } from '@wealist/kit/live/socket'
import { handlers } from '@wealist/kit/mount'
import { objectsConfig, openObjects } from '@wealist/kit/objects'
import { openPlaces } from '@wealist/kit/places'
import { openWorkspaces } from '@wealist/kit/workspaces'
import type * as z from 'zod'
import { follow } from './directory.ts'
import type { Place } from './places.ts'

export const Config = KitConfig.extend(objectsConfig)

export const open = (config: z.output<typeof Config>, base: Base) => {
  const objects = openObjects(config)
  const workspaces = openWorkspaces(base, follow)
  return {
    memberships: workspaces.memberships,
    directory: workspaces.directory,
    objects,
    places: openPlaces<Place>(),
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
