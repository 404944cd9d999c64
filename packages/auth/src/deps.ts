import { type Attempts, openAttempts } from '@wealist/kit/attempts'
import type { Actor, Person } from '@wealist/kit/actor'
import { Config as KitConfig, readConfig } from '@wealist/kit/config'
import type { Base, Ctx as KitCtx } from '@wealist/kit/context'
import { handlers } from '@wealist/kit/mount'
import * as z from 'zod'
import { type KeyRing, openKeyRing } from './key-ring.ts'
import { openKeyStore } from './key-store.ts'
import { openProvider, type Provider } from './oidc.ts'

const list = z
  .string()
  .default('')
  .transform((v) =>
    v
      .split(',')
      .map((s) => s.trim())
      .filter(Boolean),
  )

/** Where the signing keys are; all that the rotation command reads. */
export const KeysConfig = KitConfig.pick({ ENVIRONMENT: true }).extend({
  KEYS_SECRET_ID: z
    .string()
    .optional()
    .describe('The Secrets Manager secret that holds the signing keys (a JWK set); required outside local and test'),
  KEYS_FILE: z
    .string()
    .default('.wealist/auth-keys.json')
    .describe('File of the signing keys where there is no secret; made at the first start, in local and test alone'),
})
export type KeysConfig = z.infer<typeof KeysConfig>

export const Config = KitConfig.extend({
  ...KeysConfig.shape,
  PUBLIC_URL: z
    .string()
    .default('http://localhost:8088')
    .describe('The gateway as browsers see it; Google comes back there'),
  OIDC_ISSUER: z
    .string()
    .default('https://accounts.google.com')
    .describe("Google's issuer, or one that stands in for it"),
  GOOGLE_CLIENT_ID: z.string().optional().describe('OAuth client of Google; without it there is no Google sign-in'),
  GOOGLE_CLIENT_SECRET: z.string().optional().describe('Its secret'),
  GOOGLE_CALLBACK_URL: z
    .string()
    .optional()
    .describe(
      'The callback that Google knows, where that is another place that hands on to this one; its own unless set',
    ),
  GOOGLE_STATE_PREFIX: z
    .string()
    .regex(/^[a-z0-9-]+\.$/)
    .optional()
    .describe('Before every state, with a dot after it: by which that place knows whom to hand on to'),
  REDIRECT_URIS: list.describe('Where sign-in with Google may come back to, exact; none unless set'),
})

type Settings =
  | 'AUTH_ISSUER'
  | 'AUTH_AUDIENCE'
  | 'PUBLIC_URL'
  | 'GOOGLE_CALLBACK_URL'
  | 'GOOGLE_STATE_PREFIX'
  | 'REDIRECT_URIS'

export interface AuthDeps {
  settings: Pick<z.infer<typeof Config>, Settings>
  ring: KeyRing
  /** Undefined where Google sign-in is not configured. */
  google: Provider | undefined
  attempts: Attempts
}

export const open = async (config: z.infer<typeof Config>, base: Base): Promise<AuthDeps> => {
  const { redis, log, clock, auth } = base
  const ring = await openKeyRing({ store: openKeyStore(config), log, clock })
  auth.trust(() => ring.published())
  const { GOOGLE_CLIENT_ID: clientId, GOOGLE_CLIENT_SECRET: clientSecret } = config
  return {
    settings: config,
    ring,
    google:
      clientId && clientSecret
        ? openProvider({ issuer: config.OIDC_ISSUER, clientId, clientSecret, clock })
        : undefined,
    attempts: openAttempts({ redis, name: 'password', log }),
  }
}

/** What the rotation command reads from the environment. */
export const readKeysConfig = () => readConfig(KeysConfig, process.env)

export type Deps = AuthDeps
export type Ctx<A extends Actor = Person> = KitCtx<Deps, A>
export const on = handlers<Deps>()
