import { call } from '@wealist/contract/call'
import type { CallInput, Output, RouteSpec } from '@wealist/contract/route'
import type { PlatformRole } from '@wealist/kit/actor'
import type { Env } from '@wealist/kit/config'
import { newId } from '@wealist/kit/ids'
import { type Listening, run } from '@wealist/kit/node'
import type { Overrides } from '@wealist/kit/base'
import type { ServiceSpec } from '@wealist/kit/service'
import type * as z from 'zod'
import { cloneDatabase } from './clone.ts'
import { testLog } from './log.ts'
import { testRedis } from './redis.ts'
import { secrets } from './secrets.ts'

/** Who asks, as the gateway would say it. */
export interface Asker {
  id: string
  email?: string
  name?: string
  role?: PlatformRole
}

export type Ask = <R extends RouteSpec>(
  route: R,
  input: CallInput<R>,
  headers?: Record<string, string>,
) => Promise<Output<R>>

export interface OneService<D> {
  running: Listening<D>
  /** What it was started with. */
  environment: Env
  url: string
  /** Calls as a person, with new claims each time; answers are held against the contract. */
  as(person: Asker): Ask
  anonymous: Ask
  internal: Ask
  /** The headers that make a person of a request, for `fetch`. */
  headersOf(person: Asker): Record<string, string>
  /** The same, asked at another address: its functions on the same data. */
  at(base: string): Omit<OneService<D>, 'at'>
  stop(): Promise<void>
}

/** One service alone, through the production door: a database and a part of Redis of its own, and the gateway's claims. */
export const oneService = async <S extends z.ZodObject, D extends object>(
  spec: ServiceSpec<S, D>,
  /** More of its environment; given the URL of its database where that matters. */
  env: Env | ((database: string) => Promise<Env>) = {},
  overrides: Overrides = {},
): Promise<OneService<D>> => {
  const database = await cloneDatabase(spec.name, spec.migrations)
  const redis = testRedis()
  const given = {
    ENVIRONMENT: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    REDIS_PREFIX: redis.prefix,
    AUTH_MODE: 'gateway',
    INTERNAL_KEYS: 'test-key',
    DRAIN_SECONDS: '0',
    RATE_LIMIT: '0',
  }
  const environment = { ...given, ...(typeof env === 'function' ? await env(database.url) : env) }
  secrets.noteEnvironment(environment)
  const running = await run(spec, environment, { log: testLog(spec.name), ...overrides })
  const url = `http://127.0.0.1:${running.port}`
  const { AUTH_ISSUER: iss, AUTH_AUDIENCE: aud } = running.base.config
  const headersOf = ({ id, email = `${id}@example.com`, name: called = 'Somebody', role = 'user' }: Asker) => {
    const iat = Math.floor(Date.now() / 1000)
    const claims = { iss, aud, sub: id, email, name: called, role, sid: newId(), jti: newId(), iat, exp: iat + 900 }
    return { 'x-jwt-payload': Buffer.from(JSON.stringify({ ...claims, token_use: 'access' })).toString('base64url') }
  }
  const asking =
    (base: string, headers: () => Record<string, string>): Ask =>
    async (route, input, more) => {
      const answer = await call(route, input, { base, headers: { ...headers(), ...more } })
      // Answers come as text from PostgreSQL: that they are what the contract says is checked here.
      return (route.response ? route.response.parse(answer) : answer) as typeof answer
    }
  const asked = (base: string) => ({
    url: base,
    as: (person: Asker) => asking(base, () => headersOf(person)),
    anonymous: asking(base, () => ({})),
    internal: asking(base, () => ({ 'x-internal-api-key': 'test-key' })),
  })
  const service = {
    running,
    environment,
    headersOf,
    ...asked(url),
    stop: async () => {
      await running.stop()
      await database.drop()
    },
  }
  return { ...service, at: (base) => ({ ...service, ...asked(base) }) }
}
