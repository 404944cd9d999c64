import { type Queryable, sql } from '@wealist/kit/sql'

/** Keeps labels of a project from being deleted until the transaction ends; gives the ids of those that are there. */
export const hold = async (tx: Queryable, { projectId, ids }: { projectId: string; ids: readonly string[] }) =>
  (
    await tx.rows<{ id: string }>(
      sql`select id from labels where project_id = ${projectId} and id = any(${ids}::uuid[]) order by id for key share`,
    )
  ).map((l) => l.id)
