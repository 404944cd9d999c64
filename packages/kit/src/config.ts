import { serviceNames, topology, type ServiceName } from '@wealist/contract/topology'
import * as z from 'zod'
import { openSecret } from './secret.ts'

const port = z.coerce.number().int().min(0).max(65535)
const list = z
  .string()
  .default('')
  .transform((v) =>
    v
      .split(',')
      .map((s) => s.trim())
      .filter(Boolean),
  )

/** What every service reads from its environment. A service's `deps.ts` extends it; the README's table is made from it. */
export const Config = z.object({
  ENVIRONMENT: z.enum(['local', 'test', 'preview', 'dev', 'prod']).default('local').describe('Where it runs'),
  HOST: z.string().default('0.0.0.0').describe('Address it listens on'),
  PORT: port.optional().describe("Port it listens on; the topology's unless set"),
  METRICS_PORT: port
    .optional()
    .describe('Port of /metrics and of what ops asks, apart from the public one; none unless set'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'])
    .default('info')
    .describe('Least level that is logged'),
  LOG_RECENT: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000)
    .default(0)
    .describe('Lines of the log kept in memory and told at METRICS_PORT, for ops where there is no Loki'),
  VERSION: z.string().default('dev').describe('What is deployed, for status and logs'),
  DATABASE_URL: z.string().optional().describe("The service's own database and role"),
  DATABASE_POOL: z.coerce.number().int().min(1).max(100).default(10).describe('Most database connections of a process'),
  DATABASE_IDLE_MS: z.coerce
    .number()
    .int()
    .min(1)
    .max(600_000)
    .default(90_000)
    .describe(
      'How long an unused connection is kept: longer than a minute, for what is done each; functions keep none between two requests',
    ),
  REDIS_URL: z.string().default('redis://localhost:6379').describe('Redis; rediss:// for TLS'),
  REDIS_CLUSTER: z
    .enum(['true', 'false'])
    .default('false')
    .transform((v) => v === 'true')
    .describe('REDIS_URL names a node of a cluster: commands go where their keys lie, topics by sharded pub/sub'),
  REDIS_PREFIX: z.string().default('wealist:').describe('Before every key and channel; one a preview'),
  AUTH_MODE: z
    .enum(['gateway', 'jwks'])
    .default('jwks')
    .describe('gateway: claims from x-jwt-payload, only behind the mesh; jwks: verify tokens here'),
  AUTH_ISSUER: z.string().default('http://localhost:8088').describe('iss of access tokens'),
  AUTH_AUDIENCE: z.string().default('wealist').describe('aud of access tokens'),
  AUTH_JWKS_URL: z
    .string()
    .default('http://localhost:8080/.well-known/jwks.json')
    .describe('Published keys of auth, for AUTH_MODE=jwks'),
  INTERNAL_KEYS: list.describe('Keys that callers of /internal/* may show, newest first; two while one is rotated'),
  CORS_ORIGINS: list.describe('Origins of browsers that may call, exact; none unless set'),
  TRUSTED_HOPS: z.coerce
    .number()
    .int()
    .min(0)
    .max(5)
    .default(1)
    .describe('Proxies in front: the client is that many from the right of X-Forwarded-For; 0 uses the socket'),
  DRAIN_SECONDS: z.coerce
    .number()
    .min(0)
    .max(300)
    .default(20)
    .describe('Over how long sockets are told to move on at shutdown'),
  RATE_LIMIT: z.coerce
    .number()
    .int()
    .min(0)
    .default(600)
    .describe('Requests a minute a person (or address, before sign-in); 0 switches limits off'),
  WEBSOCKET_API_URL: z
    .string()
    .optional()
    .describe('On Lambda: the endpoint of @connections, by which sockets behind API Gateway are told; none unless set'),
  PEER_AUTH: z
    .enum(['key', 'iam'])
    .default('key')
    .describe('iam: on Lambda, where peers are Function URLs that take signed calls only; the internal key goes along'),
  SECRETS_ID: z
    .string()
    .optional()
    .describe('A Secrets Manager secret whose JSON object is read as further variables at start'),
  ...peers(),
})
export type Config = z.infer<typeof Config>

function peers() {
  return Object.fromEntries(
    serviceNames.flatMap((name) => [
      [
        `${name.toUpperCase()}_URL`,
        z.string().default(`http://localhost:${topology[name].port}`).describe(`Where ${name} answers its peers`),
      ],
      [`${name.toUpperCase()}_KEY`, z.string().optional().describe(`Internal key shown to ${name}`)],
    ]),
  ) as Record<`${Uppercase<ServiceName>}_URL`, z.ZodDefault<z.ZodString>> &
    Record<`${Uppercase<ServiceName>}_KEY`, z.ZodOptional<z.ZodString>>
}

export type Env = Record<string, string | undefined>

/** The typed configuration, or an error that names every variable that is wrong and what it is for. */
export const readConfig = <S extends z.ZodObject>(schema: S, env: Env): z.output<S> => {
  // An empty variable is one that is not set: charts and CI leave those behind.
  const given = Object.fromEntries(Object.entries(env).filter(([, v]) => v !== undefined && v !== ''))
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const lines = result.error.issues.map((issue) => {
    const name = String(issue.path[0])
    return `  ${name}: ${issue.message} (${schema.shape[name]?.description ?? 'unknown'})`
  })
  throw new Error(`The configuration is not valid:\n${lines.join('\n')}`)
}

/** The environment, with the JSON object of the secret `SECRETS_ID` laid under it: a variable that is set wins. */
export const withSecrets = async (env: Env): Promise<Env> => {
  const id = env['SECRETS_ID']
  if (!id) return env
  const text = await openSecret(id, 10_000).read()
  if (text === undefined) throw new Error(`The secret ${id}, which SECRETS_ID names, does not exist or has no value`)
  return { ...(JSON.parse(text) as Env), ...env }
}
