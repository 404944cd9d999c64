import { type ServiceName, serviceNames, peersOf, withDatabase } from '@wealist/contract/topology'
import type { Data } from './data.ts'
import type { Settings } from './settings.ts'
import { databaseOf, guard, roleOf, secretOf, type Stage } from './stage.ts'

type Values = Record<string, $util.Input<string>>

/** What only one service is told. */
const onlyOf: Partial<Record<ServiceName, (settings: Settings) => Values>> = {
  auth: (s) => ({ GOOGLE_CLIENT_ID: s.GoogleClientId, GOOGLE_CLIENT_SECRET: s.GoogleClientSecret }),
  user: (s) => ({ ADMIN_EMAILS: s.AdminEmails }),
  chat: (s) => ({
    LIVEKIT_URL: s.LiveKitUrl,
    LIVEKIT_API_KEY: s.LiveKitApiKey,
    LIVEKIT_API_SECRET: s.LiveKitApiSecret,
  }),
}

const made = (name: string, length: number) => new random.RandomPassword(name, { length, special: false }).result

/**
 * A secret a service, with its own variables and no others: its database, Redis, the internal key it takes and those of the
 * peers it calls. Services read theirs at start (`SECRETS_ID`), the cluster by External Secrets.
 */
export const makeSecrets = (stage: Stage, data: Data, settings: Settings) => {
  const recoveryWindowInDays = stage.kept ? 30 : 0
  const called = serviceNames.filter((s) => serviceNames.some((caller) => peersOf(caller).includes(s)))
  const keys = Object.fromEntries(called.map((s) => [s, made(`InternalKey${titled(s)}`, 40)]))
  const passwords = Object.fromEntries(withDatabase.map((s) => [s, made(`Password${titled(s)}`, 32)]))

  const valuesOf = (service: ServiceName): Values => ({
    REDIS_URL: data.redisUrl,
    ...(passwords[service] && {
      DATABASE_URL: $resolve([data.databaseUrl, passwords[service]]).apply(([administrator, password]) => {
        const url = new URL(administrator)
        url.username = roleOf(stage, service)
        url.password = password
        url.pathname = `/${databaseOf(stage, service)}`
        return url.href
      }),
    }),
    ...(keys[service] && { INTERNAL_KEYS: keys[service] }),
    ...Object.fromEntries(peersOf(service).map((s) => [`${s.toUpperCase()}_KEY`, keys[s]!])),
    ...onlyOf[service]?.(settings),
  })

  return Object.fromEntries(
    serviceNames.map((service) => {
      const name = `${titled(service)}Secret`
      const secret = new aws.secretsmanager.Secret(
        name,
        { name: secretOf(stage, service), recoveryWindowInDays },
        guard(stage),
      )
      const version = new aws.secretsmanager.SecretVersion(`${name}Version`, {
        secretId: secret.id,
        secretString: $jsonStringify(valuesOf(service)),
      })
      return [service, { arn: secret.arn, version }]
    }),
  ) as Secrets
}
export type Secrets = Record<ServiceName, { arn: $util.Output<string>; version: aws.secretsmanager.SecretVersion }>

/** Where auth's signing keys are. It is made without a value: what it holds comes into being there and stays there. */
export const makeKeysSecret = (stage: Stage) =>
  new aws.secretsmanager.Secret(
    'KeysSecret',
    { name: secretOf(stage, 'auth-keys'), recoveryWindowInDays: stage.kept ? 30 : 0 },
    guard(stage),
  )

export const titled = (name: string) => name[0]!.toUpperCase() + name.slice(1)
