import { type ChatService, chatService } from '@wealist/dev/testing/chat-service'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: ChatService
beforeAll(async () => void (service = await chatService()))
afterAll(() => service.stop())

test('every foreign key has an index that begins with its columns and leaves no row out: a delete reads no whole table', async () => {
  const keys = await service.rows<{ key: string; indexed: boolean }>(`
    select c.conrelid::regclass || ' (' || (
        select string_agg(a.attname, ', ' order by k.n) from unnest(c.conkey) with ordinality k(attnum, n)
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum) || ')' as key,
      exists (select from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
        cross join lateral (select (i.indkey::int2[])[0:cardinality(c.conkey) - 1] as leading) l
        where i.indrelid = c.conrelid and am.amname = 'btree' and i.indisvalid and i.indpred is null
          and l.leading @> c.conkey and l.leading <@ c.conkey) as indexed
    from pg_constraint c where c.contype = 'f' and c.connamespace in ('public'::regnamespace, 'kit'::regnamespace)
    order by key`)
  expect(keys.length).toBeGreaterThan(4)
  expect(keys.filter((k) => !k.indexed).map((k) => k.key)).toEqual([])
})
