import { type Queryable, sql } from './sql.ts'

/**
 * What a database has, as sorted lines that can be compared: schemas, extensions, tables, columns, constraints, indexes,
 * sequences, functions, triggers, views, types, policies and grants. Rows are not looked at. Of an extension only its name
 * and version are told.
 */
export const describeSchema = async (db: Queryable): Promise<string[]> => {
  const rows = await db.rows<{ line: string }>(sql`with own as (
      select oid, nspname as schema from pg_namespace where nspname !~ '^(pg_|information_schema$)'
    ), extended as (
      select classid, objid from pg_depend where deptype = 'e'
    ), rel as (
      select c.*, own.schema || '.' || c.relname as name from pg_class c join own on own.oid = c.relnamespace
      where not exists (select from extended e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
    ), lines as (
      select concat_ws(' ', 'schema', nspname, nspacl) as line
        from pg_namespace n join own using (oid)
      union all select concat_ws(' ', 'extension', extname, extversion) from pg_extension
      union all select concat_ws(' ', 'relation', name, relkind, relpersistence, relrowsecurity, reloptions, relacl)
        from rel where relkind in ('r', 'p', 'v', 'm', 'S', 'f')
      union all select concat_ws(' ', 'view', name, pg_get_viewdef(oid)) from rel where relkind in ('v', 'm')
      union all select concat_ws(' ', 'column', name, lpad(a.attnum::text, 4, '0'), a.attname,
          format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull, 'identity', a.attidentity, 'generated', a.attgenerated,
          'collation', co.collname, 'default', pg_get_expr(d.adbin, d.adrelid), 'grants', a.attacl)
        from rel join pg_attribute a on a.attrelid = rel.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef d on d.adrelid = rel.oid and d.adnum = a.attnum
        left join pg_collation co on co.oid = a.attcollation
        where relkind in ('r', 'p', 'v', 'm', 'f')
      union all select concat_ws(' ', 'constraint', rel.name, c.conname, pg_get_constraintdef(c.oid))
        from pg_constraint c join own on own.oid = c.connamespace left join rel on rel.oid = c.conrelid
      union all select concat_ws(' ', 'index', pg_get_indexdef(oid), i.indisvalid)
        from rel join pg_index i on i.indexrelid = rel.oid where relkind in ('i', 'I')
      union all select concat_ws(' ', 'sequence', name, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqcycle)
        from rel join pg_sequence s on s.seqrelid = rel.oid
      union all select concat_ws(' ', 'function', p.oid::regprocedure,
          case when p.prokind <> 'a' then pg_get_functiondef(p.oid) end, p.proacl)
        from pg_proc p join own on own.oid = p.pronamespace
        where not exists (select from extended e where e.classid = 'pg_proc'::regclass and e.objid = p.oid)
      union all select concat_ws(' ', 'trigger', rel.name, pg_get_triggerdef(t.oid), t.tgenabled)
        from rel join pg_trigger t on t.tgrelid = rel.oid where not t.tgisinternal
      union all select concat_ws(' ', 'policy', p.schemaname, tablename, policyname, permissive, roles, cmd, 'using', qual,
          'check', with_check)
        from pg_policies p join own on own.schema = p.schemaname
      union all select concat_ws(' ', 'type', own.schema, t.typname, t.typtype,
          format_type(nullif(t.typbasetype, 0), t.typtypmod),
          (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid))
        from pg_type t join own on own.oid = t.typnamespace
        where t.typtype in ('e', 'd', 'r')
          and not exists (select from extended e where e.classid = 'pg_type'::regclass and e.objid = t.oid)
      union all select concat_ws(' ', 'grants of new objects', n.nspname, d.defaclobjtype, d.defaclacl)
        from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
    )
    select line from lines order by line collate "C"`)
  return rows.map((row) => row.line)
}
