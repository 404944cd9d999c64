import { pathToFileURL } from 'node:url'
import { newKeySet } from '@wealist/auth/key-set'
import { type ServiceName, topology } from '@wealist/contract/topology'
import { asAdministrator, dropDatabases, loginOf, makeDatabases } from '@wealist/kit/databases'
import { migrate } from '@wealist/kit/migrate'
import { openSecret } from '@wealist/kit/secret'
import { Redis } from 'ioredis'
import type pg from 'pg'

/** What a deployment asks: Pulumi says `delete` when the stage goes, and create or update before its functions change. */
interface Asked {
  /** Secrets of Secrets Manager: the servers' administrators, and each service's own. */
  data: string
  services: Partial<Record<ServiceName, string>>
  keys: string
  redisPrefix: string
  /** Connections that one role may have. */
  limit: number
  /** Previews that may be there at once. */
  most: number
  tf?: { action: 'create' | 'update' | 'delete' }
}

/**
 * Before a preview's functions run: its databases and roles, their tables, and a first signing key. When the preview goes,
 * so does all of it. Repeated, it changes nothing.
 */
export const handler = async (asked: Asked) => {
  const { DATABASE_URL, REDIS_URL } = await read(asked.data)
  const urls = await Promise.all(
    Object.entries(asked.services).map(async ([service, secret]) => ({
      service: service as ServiceName,
      // ops shares user's database with a role of its own.
      owner: service !== 'ops',
      url: (await read(secret)).DATABASE_URL,
    })),
  )
  const gone = asked.tf?.action === 'delete'
  await asAdministrator(DATABASE_URL, async (client) => {
    if (gone) return dropDatabases(client, urls)
    await refuseOneTooMany(client, loginOf(urls.find(({ service }) => service === 'user')!.url).database, asked.most)
    return makeDatabases(client, urls, asked.limit)
  })
  if (gone) return forget(REDIS_URL, asked.redisPrefix)
  const { role } = loginOf(urls.find(({ service }) => service === 'ops')!.url)
  for (const { service, owner, url } of urls) if (owner) await bringUp(service, url, role)
  const keys = openSecret(asked.keys)
  if ((await keys.read()) === undefined) await keys.write(JSON.stringify(await newKeySet(new Date())))
  return { migrated: urls.map(({ service }) => topology[service].database) }
}

const read = async (secret: string) => {
  const text = await openSecret(secret).read()
  if (text === undefined) throw new Error(`The secret ${secret} has no value: deploy the stage that owns it first.`)
  return JSON.parse(text) as { DATABASE_URL: string; REDIS_URL: string }
}

// The server's connections are shared out: one preview more, and those that are there would be refused theirs.
const refuseOneTooMany = async (client: pg.Client, own: string, most: number) => {
  const { rows } = await client.query<{ datname: string }>(
    `select datname from pg_database where datname like '%\\_user\\_db' and datname <> $1`,
    [own],
  )
  if (rows.length >= most)
    throw new Error(`${rows.length} previews are there already (${rows.map((r) => r.datname).join(', ')}): remove one.`)
}

const bringUp = async (service: ServiceName, url: string, opsRole: string) => {
  const own = new URL(url)
  own.searchParams.set('options', `-c wealist.ops_role=${opsRole}`)
  await migrate({ url: own.href, dir: filesOf(service), kit: filesOf('kit') })
}

// Beside the bundle, where the repository has them.
const root = pathToFileURL(`${process.env['LAMBDA_TASK_ROOT'] ?? process.cwd()}/`)
const filesOf = (name: string) => new URL(`packages/${name}/migrations/`, root)

const forget = async (url: string, prefix: string) => {
  const redis = new Redis(url)
  try {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1000 }))
      if ((keys as string[]).length > 0) await redis.unlink(keys as string[])
  } finally {
    redis.disconnect()
  }
}
