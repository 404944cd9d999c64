import { Config as KitConfig } from '@wealist/kit/config'
import type { Base, Ctx as KitCtx } from '@wealist/kit/context'
import type { Actor, Person } from '@wealist/kit/actor'
import { handlers } from '@wealist/kit/mount'
import { objectsConfig, openObjects } from '@wealist/kit/objects'
import * as z from 'zod'
import { openPasswords } from '@wealist/kit/passwords'

export const Config = KitConfig.extend({
  ADMIN_EMAILS: z
    .string()
    .default('')
    .transform(
      (v) =>
        new Set(
          v
            .toLowerCase()
            .split(/[\s,]+/)
            .filter(Boolean),
        ),
    )
    .describe('Addresses of the first platform admins; they hold once an identity provider has verified them'),
  SIGN_UP_PROVES_EMAIL: z
    .enum(['true', 'false'])
    .default('false')
    .transform((v) => v === 'true')
    .describe('Development alone: an address counts as proved as soon as somebody signs up with it'),
  PUBLIC_URL: z
    .string()
    .default('http://localhost:8088')
    .describe('Where people open weAlist; links of invitations begin with it'),
  ASSETS_URL: z
    .string()
    .default('http://localhost:9000/wealist')
    .describe('Where browsers read avatars/*: CloudFront in front of the bucket'),
  ...objectsConfig,
  PASSWORD_THREADS: z.coerce
    .number()
    .int()
    .min(1)
    .max(16)
    .default(2)
    .describe('Passwords hashed at once, of the four threads that Node has; 19 MB each'),
  PASSWORD_QUEUE: z.coerce.number().int().min(0).max(1000).default(50).describe('How many more may wait before 503'),
})

export const open = (config: z.output<typeof Config>, _base: Base) => {
  if (config.SIGN_UP_PROVES_EMAIL && config.ENVIRONMENT !== 'local' && config.ENVIRONMENT !== 'test')
    throw new Error('SIGN_UP_PROVES_EMAIL is for development: anybody could take any address with it')
  const objects = openObjects(config)
  return {
    settings: {
      admins: config.ADMIN_EMAILS,
      signUpProves: config.SIGN_UP_PROVES_EMAIL,
      app: config.PUBLIC_URL,
      assets: config.ASSETS_URL,
    },
    objects,
    // Patience for less than auth waits for an answer (kit/peer.ts).
    passwords: openPasswords({ atOnce: config.PASSWORD_THREADS, waiting: config.PASSWORD_QUEUE, patience: 1500 }),
    close: async () => objects.close(),
  }
}

export type Deps = Awaited<ReturnType<typeof open>>
export type Ctx<A extends Actor = Person> = KitCtx<Deps, A>
export const on = handlers<Deps>()
