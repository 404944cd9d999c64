import { type ServiceName, serviceNames, peersOf, withDatabase } from '@wealist/contract/topology'
import type { Data } from './data.ts'
import { internalKeys, rounds } from './rounds.ts'
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

const made = (name: string, length: number, round = 1) =>
  new random.RandomPassword(name, { length, special: false, keepers: { round: String(round) } }).result

const keysOf = (service: ServiceName) => {
  const { shown, taken } = internalKeys(service, rounds.internalKeys)
  const values = taken.map((name) => made(name, 40))
  return { shown: values[taken.indexOf(shown)]!, taken: $resolve(values).apply((all) => all.join(',')) }
}

/**
 * A secret a service, with its own variables and no others: its database, Redis, the internal key it takes and those of the
 * peers it calls. Services read theirs at start (`SECRETS_ID`), the cluster by External Secrets.
 */
export const makeSecrets = (stage: Stage, data: Data, settings: Settings) => {
  const recoveryWindowInDays = stage.kept ? 30 : 0
  const called = serviceNames.filter((s) => serviceNames.some((caller) => peersOf(caller).includes(s)))
  const keys = Object.fromEntries(called.map((s) => [s, keysOf(s)]))
  const passwords = Object.fromEntries(withDatabase.map((s) => [s, made(`Password${titled(s)}`, 32, rounds.passwords)]))

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
    ...(keys[service] && { INTERNAL_KEYS: keys[service].taken }),
    ...Object.fromEntries(peersOf(service).map((s) => [`${s.toUpperCase()}_KEY`, keys[s]!.shown])),
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
