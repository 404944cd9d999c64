import type { FileKind } from '@wealist/contract/storage/files'
import type { Usage } from '@wealist/contract/storage/usage'
import { type Queryable, sql } from '@wealist/kit/sql'

export const get = (db: Queryable, { workspaceId, limit }: { workspaceId: string; limit: number }) =>
  db.json<Usage>(sql`select coalesce(d.used, 0) as used, coalesce(d.reserved, 0) as reserved, coalesce(d.limit_bytes, ${limit}::bigint) as limit,
      coalesce(d.plan, 'free') as plan,
      coalesce((select json_agg(json_build_object('kind', kind, 'bytes', bytes) order by kind) from usage
        where workspace_id = ${workspaceId} and bytes > 0), '[]') as "byKind"
    from (select) one left join drives d on d.workspace_id = ${workspaceId}`)

/** Reserves bytes of a locked drive; false where they do not fit. */
export const reserve = async (tx: Queryable, { workspaceId, bytes }: { workspaceId: string; bytes: number }) =>
  (await tx.run(sql`update drives set reserved = reserved + ${bytes}::bigint
    where workspace_id = ${workspaceId} and used + reserved + ${bytes}::bigint <= limit_bytes`)) > 0

export const release = (tx: Queryable, { workspaceId, bytes }: { workspaceId: string; bytes: number }) =>
  tx.run(sql`update drives set reserved = reserved - ${bytes}::bigint where workspace_id = ${workspaceId}`)

/** Counts bytes that are stored now, or with less than nothing those that are not any more. */
export const count = (
  tx: Queryable,
  { workspaceId, of }: { workspaceId: string; of: readonly { kind: FileKind; size: number }[] },
) => {
  const sums = new Map<FileKind, number>()
  for (const { kind, size } of of) sums.set(kind, (sums.get(kind) ?? 0) + size)
  const kinds = [...sums.keys()]
  const total = [...sums.values()].reduce((a, b) => a + b, 0)
  return tx.run(sql`with counted as (
      insert into usage as u (workspace_id, kind, bytes)
      select ${workspaceId}, kind, greatest(bytes, 0) from unnest(${kinds}::text[], ${[...sums.values()]}::bigint[]) as t(kind, bytes)
      on conflict (workspace_id, kind) do update set bytes = u.bytes + (select t.bytes
        from unnest(${kinds}::text[], ${[...sums.values()]}::bigint[]) as t(kind, bytes) where t.kind = excluded.kind))
    update drives set used = used + ${total}::bigint where workspace_id = ${workspaceId}`)
}
