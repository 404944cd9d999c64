import { openAttempts } from '@wealist/kit/attempts'
import type { Actor, Person } from '@wealist/kit/actor'
import { Config as KitConfig } from '@wealist/kit/config'
import type { Base, Ctx as KitCtx } from '@wealist/kit/context'
import { handlers } from '@wealist/kit/mount'
import { objectsConfig, openObjects } from '@wealist/kit/objects'
import { openPasswords } from '@wealist/kit/passwords'
import { openPlaces } from '@wealist/kit/places'
import { openWorkspaces } from '@wealist/kit/workspaces'
import * as z from 'zod'
import { follow } from './directory.ts'
import { openForms } from './forms.ts'
import { openProofs } from './proofs.ts'

export const Config = KitConfig.extend({
  ...objectsConfig,
  PUBLIC_URL: z
    .string()
    .default('http://localhost:8088')
    .describe('Where people open weAlist; links of shared files begin with it'),
  FREE_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(5 * 1024 ** 3)
    .describe('What a workspace on the free plan may store'),
})

export const open = (config: z.output<typeof Config>, base: Base) => {
  const objects = openObjects(config)
  const workspaces = openWorkspaces(base, follow)
  const forms = openForms()
  return {
    memberships: workspaces.memberships,
    directory: workspaces.directory,
    objects,
    forms,
    places: openPlaces<string>(),
    passwords: openPasswords({ atOnce: 1, waiting: 20 }),
    guesses: openAttempts({ redis: base.redis, name: 'share', log: base.log }),
    proofs: openProofs(base),
    settings: { app: config.PUBLIC_URL, freeBytes: config.FREE_BYTES },
    close: async () => {
      await forms.settled()
      await workspaces.close()
      objects.close()
    },
  }
}

export type Deps = Awaited<ReturnType<typeof open>>
export type Ctx<A extends Actor = Person> = KitCtx<Deps, A>
export const on = handlers<Deps>()
