import { randomBytes } from 'node:crypto'
import { administratorUrl } from '@wealist/dev/testing/clone'
import { afterAll, expect, test } from 'vitest'
import { asAdministrator, dropDatabases, loginOf, makeAll } from './databases.ts'

const run = `made_${randomBytes(4).toString('hex')}`
const urlOf = (service: string, database: string, password = "a 'pass%word") => {
  const url = new URL(administratorUrl())
  url.username = `${run}_${service}`
  url.password = encodeURIComponent(password)
  url.pathname = `/${run}_${database}`
  return url.href
}
const given = {
  DATABASE_URL: administratorUrl(),
  USER_DATABASE_URL: urlOf('user', 'user_db'),
  OPS_DATABASE_URL: urlOf('ops', 'user_db'),
  BOARD_DATABASE_URL: urlOf('board', 'board_db'),
  CONNECTION_LIMIT: '7',
}
const { DATABASE_URL: administrator, CONNECTION_LIMIT: _, ...services } = given
afterAll(() =>
  asAdministrator(administrator, (client) =>
    dropDatabases(
      client,
      Object.entries(services).map(([name, url]) => ({ owner: !name.startsWith('OPS'), url })),
    ),
  ),
)
const as = (url: string, statement: string) =>
  asAdministrator(url, async (client) => (await client.query<Record<string, unknown>>(statement)).rows)

test('a container makes a database and a role for each service, with its share of connections; again, only what changed', async () => {
  await makeAll(given)
  await makeAll(given)
  const own = 'select current_database() as at, rolconnlimit from pg_roles where rolname = current_user'
  for (const url of Object.values(services))
    expect(await as(url, own)).toEqual([{ at: loginOf(url).database, rolconnlimit: 7 }])
  // Each enters its own and no other; ops makes nothing in user's.
  await expect(as(urlOf('board', 'user_db'), 'select 1')).rejects.toThrow(/permission denied/)
  await expect(as(services.OPS_DATABASE_URL, 'create table public.mine ()')).rejects.toThrow(/permission denied/)
  const renewed = { ...given, BOARD_DATABASE_URL: urlOf('board', 'board_db', 'another') }
  await makeAll(renewed)
  expect(await as(renewed.BOARD_DATABASE_URL, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('without an administrator or services, or with a name that would need quotes, it says what is wrong and makes nothing', async () => {
  await expect(makeAll({ DATABASE_URL: administrator })).rejects.toThrow(/<SERVICE>_DATABASE_URL of each service/)
  await expect(makeAll({ USER_DATABASE_URL: services.USER_DATABASE_URL })).rejects.toThrow(/the administrator’s/)
  const odd = 'postgres://x:y@127.0.0.1:1/user"; drop'
  await expect(makeAll({ ...given, CHAT_DATABASE_URL: odd })).rejects.toThrow(/is no name for a role or a database/)
})
