import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { createRoles, asAdministrator, createDatabase, urlOf } from '@wealist/dev/databases'
import { administratorUrl } from '@wealist/dev/testing/clone'
import { testLog } from '@wealist/dev/testing/log'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDb } from './db.ts'
import { migrate } from './migrate.ts'
import { describeSchema } from './schema.ts'
import { type Queryable, raw, sql } from './sql.ts'

const dir = mkdtempSync(join(tmpdir(), 'wealist-migrations-'))
const migrations = pathToFileURL(`${dir}/`)
const names: string[] = []

const files = {
  '0001-init.sql': `create extension if not exists pg_trgm;
    create table people (id uuid primary key, name text collate "C" not null, age int check (age >= 0));
    create index people_name on people using gin (name gin_trgm_ops);`,
  '0002-more.sql': `create type mood as enum ('ok', 'not ok');
    alter table people add mood mood not null default 'ok', add seen timestamptz(3);
    create function touch() returns trigger language plpgsql as $$ begin new.seen = now(); return new; end $$;
    create trigger touch before update on people for each row execute function touch();`,
  '0010-last.sql': `create view names as select name from people; grant select on names to public;`,
}

beforeAll(async () => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  await asAdministrator(administratorUrl(), createRoles)
})
afterAll(async () => {
  rmSync(dir, { recursive: true })
  await asAdministrator(administratorUrl(), async (client) => {
    for (const name of names) await client.query(`drop database ${name} with (force)`)
  })
})

const empty = async () => {
  const name = `migrate_${process.pid}_${names.length}`
  names.push(name)
  await asAdministrator(administratorUrl(), (client) => createDatabase(client, 'chat', name))
  return urlOf(administratorUrl(), 'chat', name)
}
const inside = async <T>(url: string, look: (db: Queryable) => Promise<T>) => {
  const db = openDb({ url, max: 1, log: testLog() })
  return look(db).finally(() => db.close())
}
const applied = (url: string) =>
  inside(url, (db) => db.rows<{ name: string }>(sql`select name from kit.migrations order by id`)).then((rows) =>
    rows.map((r) => r.name),
  )

test('from empty and step by step give the same schema, in the order of the numbers, and a second time changes nothing', async () => {
  const [whole, steps] = [await empty(), await empty()]
  await migrate({ url: whole, dir: migrations })
  for (let step = 0; step < 3; step++) {
    await migrate({ url: steps, dir: migrations, count: 1 })
    expect(await applied(steps)).toHaveLength(step + 1)
  }
  const schema = await inside(whole, describeSchema)
  expect(await inside(steps, describeSchema)).toEqual(schema)
  expect(await applied(whole)).toEqual(['0001-init', '0002-more', '0010-last'])
  await migrate({ url: whole, dir: migrations })
  expect(await inside(whole, describeSchema)).toEqual(schema)
  expect(await applied(whole)).toHaveLength(3)
})

test('the description tells every kind of difference', async () => {
  const url = await empty()
  await migrate({ url, dir: migrations })
  const changes = [
    `alter table people alter name drop not null`,
    `alter table people alter age set default 3`,
    `alter table people alter age type bigint`,
    `alter table people drop constraint people_age_check`,
    `create unique index people_age on people (age)`,
    `alter table kit.heads set (fillfactor = 90)`,
    `create or replace function touch() returns trigger language plpgsql as $$ begin return new; end $$`,
    `alter table people disable trigger touch`,
    `grant delete on people to public`,
    `alter type mood add value 'better'`,
    `create or replace view names as select name || '!' as name from people`,
    `create schema more`,
    `drop extension pg_trgm cascade`,
    `alter table people enable row level security`,
    `create policy mine on people using (age > 1)`,
  ]
  const unseen: string[] = []
  for (const change of changes) {
    const before = await inside(url, describeSchema)
    await inside(url, (db) => db.run(raw(change)))
    if (isDeepStrictEqual(await inside(url, describeSchema), before)) unseen.push(change)
  }
  expect(unseen).toEqual([])
})

test('two at once are safe: one waits, and each file is applied once', async () => {
  const url = await empty()
  await Promise.all([1, 2, 3].map(() => migrate({ url, dir: migrations })))
  expect(await applied(url)).toEqual(['0001-init', '0002-more', '0010-last'])
})

test('a file that fails leaves nothing of itself, and those before it stay', async () => {
  const url = await empty()
  const broken = mkdtempSync(join(tmpdir(), 'wealist-migrations-'))
  writeFileSync(join(broken, '0001-init.sql'), 'create table first (id int)')
  writeFileSync(join(broken, '0002-broken.sql'), 'create table second (id int); select 1/0')
  await expect(migrate({ url, dir: pathToFileURL(`${broken}/`) })).rejects.toThrow('division by zero')
  const tables = await inside(url, (db) =>
    db.rows<{ name: string }>(sql`select relname as name from pg_class where relname in ('first', 'second')`),
  )
  expect(tables).toEqual([{ name: 'first' }])
  rmSync(broken, { recursive: true })
})

test('a database without files of its own has what kit and the worker need', async () => {
  const url = await empty()
  await migrate({ url })
  const schema = await inside(url, describeSchema)
  for (const table of [
    'kit.heads',
    'kit.events',
    'kit.outbox',
    'kit.idempotency',
    'kit.crons',
    'graphile_worker._private_jobs',
  ])
    expect(schema.filter((line) => line.startsWith(`relation ${table} r`))).toHaveLength(1)
})
