import { fork } from 'node:child_process'
import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serviceNames, topology } from '@wealist/contract/topology'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundle } from './bundle.ts'
import { repository } from './repository.ts'
import { startSecretsManager } from './secrets-manager.ts'
import { administratorUrl } from './testing/clone.ts'
import { asAdministrator } from './databases.ts'
import { testRedis } from './testing/redis.ts'

// The very bundle, with the files beside it that the stack copies there, in a process of its own.
const run = process.env['TEST_RUN']!.replaceAll(/\W/g, '_').toLowerCase()
const services = serviceNames.filter((name) => topology[name].database !== null)
const roleOf = (service: string, of = run) => `t${of}_${service}`
const databaseOf = (service: string, of = run) => `t${of}_${topology[service as keyof typeof topology].database}`
const urlOf = (service: string, password: string) => {
  const url = new URL(administratorUrl())
  url.username = roleOf(service)
  url.password = password
  url.pathname = `/${databaseOf(service)}`
  return url.href
}
const redis = testRedis()
const prefix = `${redis.prefix}preview:`
const ask = {
  data: 'dev/data',
  services: Object.fromEntries(services.map((service) => [service, `preview/${service}`])),
  keys: 'preview/auth-keys',
  redisPrefix: prefix,
  limit: 3,
  most: 1000,
}

let folder: string
let manager: Awaited<ReturnType<typeof startSecretsManager>>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wealist-prepare-'))
  await bundle({ name: 'prepare', entry: 'stacks/functions/prepare.ts' }, folder)
  for (const name of ['kit', 'user', 'board', 'chat', 'noti', 'storage'])
    cpSync(join(repository, 'packages', name, 'migrations'), join(folder, 'prepare/packages', name, 'migrations'), {
      recursive: true,
    })
  manager = await startSecretsManager({
    secrets: {
      'dev/data': JSON.stringify({ DATABASE_URL: administratorUrl(), REDIS_URL: redis.url }),
      'preview/auth-keys': undefined,
      ...Object.fromEntries(
        services.map((s) => [`preview/${s}`, JSON.stringify({ DATABASE_URL: urlOf(s, 'a password') })]),
      ),
    },
  })
}, 60_000)
afterAll(async () => {
  await manager.stop()
})

const prepare = (more: object = {}) =>
  new Promise<{ answer?: unknown; error?: string }>((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'stacks', 'invoke.ts'), [join(folder, 'prepare', 'index.mjs')], {
      env: {
        PATH: process.env['PATH'],
        LAMBDA_TASK_ROOT: join(folder, 'prepare'),
        AWS_REGION: 'ap-northeast-2',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.endpoint,
      },
    })
    child.once('message', (message) => resolve(message as { error?: string }))
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)))
    child.send({ ...ask, ...more })
  })
const asked = async <T extends object>(url: string, statement: string) => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<T>(statement)).rows
  } finally {
    await client.end()
  }
}
const there = () =>
  asAdministrator(administratorUrl(), async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select datname as name from pg_database where datname like $1
       union all select rolname from pg_roles where rolname like $1 order by 1`,
      [`t${run}\\_%`],
    )
    return rows.map(({ name }) => name)
  })

test('before a preview runs its databases, roles, tables and first signing key are made; again, nothing changes', async () => {
  expect(await prepare({ tf: { action: 'create' } })).toMatchObject({ answer: { migrated: expect.any(Array) } })
  const names = [...services.filter((s) => s !== 'ops').map((s) => databaseOf(s)), ...services.map((s) => roleOf(s))]
  expect(await there()).toEqual(names.toSorted())
  const keys = manager.get('preview/auth-keys')
  expect(JSON.parse(keys!)).toMatchObject({ keys: [{ kty: 'RSA', stage: 'current' }] })

  // Each enters its own and sees its tables; ops enters user's, and may write no audit row by itself.
  expect(await asked(urlOf('board', 'a password'), 'select from tasks')).toEqual([])
  const limits = await asked<{ rolconnlimit: number }>(
    urlOf('chat', 'a password'),
    'select rolconnlimit from pg_roles where rolname = current_user',
  )
  expect(limits).toEqual([{ rolconnlimit: 3 }])
  expect(await asked(urlOf('ops', 'a password'), 'select from ops.people')).toEqual([])
  await expect(asked(urlOf('ops', 'a password'), 'delete from ops.audit')).rejects.toThrow(/permission denied/)
  const foreign = urlOf('board', 'a password').replace(databaseOf('board'), databaseOf('chat'))
  await expect(asked(foreign, 'select 1')).rejects.toThrow(/permission denied/)

  expect(await prepare({ tf: { action: 'update' } })).toMatchObject({ answer: {} })
  expect(await there()).toEqual(names.toSorted())
  expect(manager.get('preview/auth-keys')).toBe(keys)
})

test('one preview more than there is room for is refused with their names, and nothing is made of it', async () => {
  const { error } = await prepare({ most: 0, services: { ...ask.services, user: 'preview/other' } })
  expect(error).toContain('preview/other has no value')
  const other = urlOf('user', 'x').replaceAll(`t${run}_`, `t${run}x_`)
  manager.put('preview/other', JSON.stringify({ DATABASE_URL: other }))
  const refused = await prepare({ most: 1, services: { ...ask.services, user: 'preview/other' } })
  expect(refused.error).toMatch(/^\d+ previews are there already \(.*\): remove one\.$/)
  expect((await there()).filter((name) => name.includes(`${run}x_`))).toEqual([])
})

test('when the preview goes, its databases, its roles and its part of Redis go, whoever is connected, and nothing else', async () => {
  const client = new Redis(redis.url)
  await client.set(`${prefix}a`, '1')
  await client.set(`${redis.prefix}other`, '1')
  const connected = new pg.Client({ connectionString: urlOf('noti', 'a password') })
  connected.on('error', () => undefined)
  await connected.connect()
  expect(await prepare({ tf: { action: 'delete' } })).not.toHaveProperty('error')
  expect(await there()).toEqual([])
  expect([await client.get(`${prefix}a`), await client.get(`${redis.prefix}other`)]).toEqual([null, '1'])
  client.disconnect()
})
