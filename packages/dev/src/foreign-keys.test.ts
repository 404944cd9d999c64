import { expect, test } from 'vitest'
import pg from 'pg'
import { services } from './services.ts'
import { cloneDatabase } from './testing/clone.ts'

/** Foreign keys without a whole index of their own, and why that does. */
const exceptions: Readonly<Record<string, string>> = {
  'comments (parent_id)': 'leaves out those without a parent, for which no key asks',
}

const keys = `select c.conrelid::regclass || ' (' || (
      select string_agg(a.attname, ', ' order by k.n) from unnest(c.conkey) with ordinality k(attnum, n)
      join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum) || ')' as key,
    exists (select from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
      cross join lateral (select (i.indkey::int2[])[0:cardinality(c.conkey) - 1] as leading) l
      where i.indrelid = c.conrelid and am.amname = 'btree' and i.indisvalid and i.indpred is null
        and l.leading @> c.conkey and l.leading <@ c.conkey) as indexed
  from pg_constraint c where c.contype = 'f' and c.connamespace in ('public'::regnamespace, 'kit'::regnamespace)
  order by key`

// noti has none; people are never deleted from user; what storage deletes is counted by scans (emptying.test.ts).
test.each(['board', 'chat'] as const)(
  'every foreign key of %s has an index that begins with its columns and leaves no row out: a delete reads no whole table',
  async (service) => {
    const database = await cloneDatabase(service, services[service].migrations)
    const client = new pg.Client(database.url)
    await client.connect()
    const { rows } = await client.query<{ key: string; indexed: boolean }>(keys)
    await client.end()
    expect(rows.length).toBeGreaterThan(4)
    const bare = rows.filter(({ indexed }) => !indexed).map(({ key }) => key)
    expect(bare.filter((key) => !(key in exceptions))).toEqual([])
  },
)
